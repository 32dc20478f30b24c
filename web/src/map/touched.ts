/** Which tiles a change touched: those that meet one of its boxes, their buffer included. */
import type { Bbox, StaleTiles } from '../api/types';

export interface TileId {
  z: number;
  x: number;
  y: number;
}

/** How far beyond its edges a tile draws, in tiles: 64 of its 4096 steps, and one for rounding. */
const BUFFER = 65 / 4096;
/** Where the square of Web Mercator ends, degrees of latitude. */
const MAX_LAT = 85.051_128_779_806_59;

/** A box in the unit square of Web Mercator: columns from the west, rows from the north. */
interface Window {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const column = (lon: number) => lon / 360 + 0.5;

function row(lat: number): number {
  const sin = Math.sin((Math.min(MAX_LAT, Math.max(-MAX_LAT, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
}

function windowOf([west, south, east, north]: Bbox): Window {
  return { left: column(west), right: column(east), top: row(north), bottom: row(south) };
}

/** The boxes in which one of the layers changed. */
export function boxesOf(stale: readonly StaleTiles[], layers: readonly string[]): Bbox[] {
  return stale.filter((part) => part.layers.some((layer) => layers.includes(layer))).flatMap((part) => part.boxes);
}

/** Whether a tile meets one of the boxes. */
export function touchTest(boxes: readonly Bbox[]): (tile: TileId) => boolean {
  const windows = boxes.map(windowOf);
  return ({ z, x, y }) => {
    const size = 2 ** z;
    return windows.some(
      ({ left, right, top, bottom }) =>
        right * size >= x - BUFFER &&
        left * size <= x + 1 + BUFFER &&
        bottom * size >= y - BUFFER &&
        top * size <= y + 1 + BUFFER,
    );
  };
}
