/**
 * Plane geometry around a place of a few kilometres: metres from degrees by one scale for all, good to a thousandth, which is enough
 * to find what is under a pointer. Nothing here decides what is true of a plan: the server does that, on exact integers.
 */
import type { Bbox, LonLat, PolygonCoordinates } from '../api/types';

/** Metres of a degree of latitude. */
const DEGREE_M = 111_200;

export interface Scale {
  /** Metres of a degree of longitude. */
  x: number;
  /** Metres of a degree of latitude. */
  y: number;
}

export const scaleAt = (lat: number): Scale => ({ x: DEGREE_M * Math.cos((lat * Math.PI) / 180), y: DEGREE_M });

/** Names a point; equal for points that are equal to the server. */
export const keyOf = ([lon, lat]: LonLat): string => `${Math.round(lon * 1e7)},${Math.round(lat * 1e7)}`;

/** The same for an edge whichever way it runs. */
export function edgeKey(a: LonLat, b: LonLat): string {
  const [p, q] = [keyOf(a), keyOf(b)];
  return p < q ? `${p} ${q}` : `${q} ${p}`;
}

/** The nearest point that the server can hold. */
export const snapped = ([lon, lat]: LonLat): LonLat => [Math.round(lon * 1e7) / 1e7, Math.round(lat * 1e7) / 1e7];

/** Metres between two points. */
export function distance(a: LonLat, b: LonLat, scale: Scale): number {
  return Math.hypot((a[0] - b[0]) * scale.x, (a[1] - b[1]) * scale.y);
}

/** The point of the segment nearest to `p`. */
export function nearestOn(p: LonLat, a: LonLat, b: LonLat, scale: Scale): LonLat {
  const dx = (b[0] - a[0]) * scale.x;
  const dy = (b[1] - a[1]) * scale.y;
  const length2 = dx * dx + dy * dy;
  if (length2 === 0) return a;
  const along = ((p[0] - a[0]) * scale.x * dx + (p[1] - a[1]) * scale.y * dy) / length2;
  const t = Math.min(1, Math.max(0, along));
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
}

/** By the even-odd rule, so holes are outside. */
export function contains(polygon: PolygonCoordinates, [x, y]: LonLat): boolean {
  let inside = false;
  for (const ring of polygon) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const a = ring[i] as LonLat;
      const b = ring[j] as LonLat;
      if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
    }
  }
  return inside;
}

/** Whether some point of the polygon lies within so many metres. */
export function reaches(polygon: PolygonCoordinates, p: LonLat, metres: number, scale: Scale): boolean {
  if (contains(polygon, p)) return true;
  if (metres <= 0) return false;
  return polygon.some((ring) =>
    ring.some((a, i) => {
      const b = ring[i + 1];
      return b !== undefined && distance(p, nearestOn(p, a, b, scale), scale) <= metres;
    }),
  );
}

export function bboxOf(points: Iterable<LonLat>): Bbox {
  const box: Bbox = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box;
}

export const inBox = ([lon, lat]: LonLat, [west, south, east, north]: Bbox): boolean =>
  lon >= west && lon <= east && lat >= south && lat <= north;
