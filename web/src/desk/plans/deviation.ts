/** How far a cell's households are from the mean, as the colours of the map's diverging scale. */
import type { Diverging } from '../../map/themes/theme';

/** Limits in tolerances: half of one is alike, beyond one is too far, beyond two far too far. */
const LIMITS = [0.5, 1, 2] as const;

/** Place in the scale: 3 is alike, 0 far below, 6 far above; `null` for a cell that has no mean to keep. */
export function deviationClass(deviation: number | null | undefined, tolerance: number): number | null {
  if (deviation === null || deviation === undefined) return null;
  const size = Math.abs(deviation) / tolerance;
  const steps = LIMITS.filter((limit) => size > limit).length;
  return 3 + Math.sign(deviation) * steps;
}

export function deviationColour(
  deviation: number | null | undefined,
  tolerance: number,
  scale: Diverging,
  none: string,
): string {
  const at = deviationClass(deviation, tolerance);
  return at === null ? none : (scale[at] ?? none);
}

/** Deviations of cells from their own mean, by code. */
export function deviationsOf(cells: readonly { code: string; households: number }[]): Map<string, number> {
  const mean = cells.reduce((sum, cell) => sum + cell.households, 0) / (cells.length || 1);
  return new Map(cells.map(({ code, households }) => [code, mean > 0 ? households / mean - 1 : 0]));
}

/** The scale's limits as signed shares, lowest first: what a legend writes between its colours. */
export function deviationLimits(tolerance: number): number[] {
  const above = LIMITS.map((limit) => limit * tolerance);
  return [...above.map((limit) => -limit).reverse(), ...above];
}
