/** Coordinates that people type. Conversion between systems is the server's; here is only what a text looks like. */

export interface Crs {
  id: string;
  geographic: boolean;
}

export const CRS_CHOICES: readonly Crs[] = [
  { id: 'EPSG:4326', geographic: true },
  { id: 'EPSG:4490', geographic: true },
  { id: 'EPSG:3857', geographic: false },
  { id: 'gcj02', geographic: true },
  { id: 'bd09', geographic: true },
];

export const DEFAULT_CRS = 'EPSG:4326';

export interface TypedCoordinates {
  x: number;
  y: number;
  /** Latitude seems to have been typed first. Said, never silently corrected. */
  swapped: boolean;
}

const NUMBER = '([+-]?\\d+(?:\\.\\d+)?)';
const PAIR = new RegExp(`^\\s*${NUMBER}\\s*°?\\s*(?:[,，;；、]\\s*|\\s+)${NUMBER}\\s*°?\\s*$`);

/** Two numbers, or `null` when the text is something else. */
export function parseCoordinates(text: string, crs: string): TypedCoordinates | null {
  const match = PAIR.exec(text);
  if (!match) return null;
  const x = Number(match[1]);
  const y = Number(match[2]);
  const geographic = CRS_CHOICES.find((choice) => choice.id === crs)?.geographic ?? true;
  return { x, y, swapped: geographic && Math.abs(y) > 90 && Math.abs(x) <= 90 };
}

/** Degrees with six decimals, about 10 cm: what a person reads and copies. */
export function formatLonLat(lon: number, lat: number): string {
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}
