/** Cells as SVG paths on one small picture, so that results beside each other can be compared by eye. */
import type { Bbox } from '../../api/types';
import type { LonLat, MultiPolygonCoordinates } from './api';

export interface Frame {
  west: number;
  north: number;
  /** Picture units a degree. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Width of a picture in its own units; the page scales it. */
export const PICTURE_WIDTH = 320;
/** Taller than this a picture would not fit beside its figures. */
const MAX_HEIGHT = 320;

/** The box around the areas, in degrees; `null` where there is nothing. */
export function boundsOf(areas: readonly { geometry: MultiPolygonCoordinates }[]): Bbox | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { geometry } of areas)
    for (const polygon of geometry)
      for (const [lon, lat] of polygon[0] ?? []) {
        west = Math.min(west, lon);
        east = Math.max(east, lon);
        south = Math.min(south, lat);
        north = Math.max(north, lat);
      }
  return east > west && north > south ? [west, south, east, north] : null;
}

/** The frame that shows all of the areas, with degrees of longitude as long as they are there. */
export function frameOf(areas: readonly { geometry: MultiPolygonCoordinates }[]): Frame | null {
  const bounds = boundsOf(areas);
  if (!bounds) return null;
  const [west, south, east, north] = bounds;
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(PICTURE_WIDTH / ((east - west) * squeeze), MAX_HEIGHT / (north - south));
  return {
    west,
    north,
    x: scale * squeeze,
    y: scale,
    width: (east - west) * scale * squeeze,
    height: (north - south) * scale,
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

function ringPath(ring: readonly LonLat[], frame: Frame): string {
  const steps: string[] = [];
  let last = '';
  for (const [lon, lat] of ring) {
    const at = `${round((lon - frame.west) * frame.x)} ${round((frame.north - lat) * frame.y)}`;
    // Many points of a boundary fall together at this size.
    if (at !== last) steps.push(at);
    last = at;
  }
  return steps.length > 2 ? `M${steps.join('L')}Z` : '';
}

export function areaPath(geometry: MultiPolygonCoordinates, frame: Frame): string {
  return geometry.flatMap((polygon) => polygon.map((ring) => ringPath(ring, frame))).join('');
}
