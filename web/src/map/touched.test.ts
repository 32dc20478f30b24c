import { describe, expect, it } from 'vitest';
import type { Bbox } from '../api/types';
import { boxesOf, type TileId, touchTest } from './touched';

/** West, south, east, north of a tile, by the formulas of the OSM wiki rather than ours. */
function bounds({ z, x, y }: TileId): Bbox {
  const lon = (column: number) => (column / 2 ** z) * 360 - 180;
  const lat = (row: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** z))) * 180) / Math.PI;
  return [lon(x), lat(y + 1), lon(x + 1), lat(y)];
}

/** Every tile of a zoom, or those around one. */
const around = ({ z, x, y }: TileId, reach: number): TileId[] =>
  Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach).flatMap((dx) =>
    Array.from({ length: 2 * reach + 1 }, (_, j) => ({ z, x: x + dx, y: y + j - reach })),
  );
const names = (tiles: TileId[]) => tiles.map(({ z, x, y }) => `${z}/${x}/${y}`);
const POINT: [number, number] = [104.84, 26.59];
/** The tile of that point, taken from a map. */
const HOME = { z: 14, x: 12963, y: 6935 };

describe('tiles touched by a box', () => {
  it('are those that hold a point, one a zoom', () => {
    const [lon, lat] = POINT;
    for (let z = 0; z <= HOME.z; z += 1) {
      const above = { z, x: HOME.x >> (HOME.z - z), y: HOME.y >> (HOME.z - z) };
      expect(touchTest([[lon, lat, lon, lat]])(above), `zoom ${z}`).toBe(true);
    }
    expect(names(around(HOME, 3).filter(touchTest([[lon, lat, lon, lat]])))).toEqual(['14/12963/6935']);
  });

  it('are those it covers, and no others', () => {
    const [w, s, e, n] = bounds(HOME);
    // From the middle of the home tile to the middle of the one south-east of it.
    const box: Bbox = [(w + e) / 2, s - (n - s) / 2, e + (e - w) / 2, (s + n) / 2];
    expect(names(around(HOME, 3).filter(touchTest([box]))).sort()).toEqual(
      ['14/12963/6935', '14/12963/6936', '14/12964/6935', '14/12964/6936'].sort(),
    );
  });

  it('are also neighbours that draw it in their buffer, to 64 of 4096 steps', () => {
    const [w, s, e, n] = bounds(HOME);
    const step = (e - w) / 4096;
    const at = (steps: number) =>
      names(around(HOME, 2).filter(touchTest([[e - steps * step, (s + n) / 2, e - steps * step, (s + n) / 2]])));
    expect(at(100)).toEqual(['14/12963/6935']);
    expect(at(63)).toEqual(['14/12963/6935', '14/12964/6935']);
    expect(at(-63)).toEqual(['14/12963/6935', '14/12964/6935']);
    expect(at(-100)).toEqual(['14/12964/6935']);
    expect(names(around(HOME, 2).filter(touchTest([[e, s, e, s]])))).toHaveLength(4);
  });

  it('agree with the boxes of the tiles, at every zoom', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = (n: number) => Math.abs(Math.sin(seed * 12.9898 + n * 78.233) * 43758.5453) % 1;
      const z = 8 + Math.floor(random(0) * 9);
      const home = { z, x: Math.floor(random(1) * 2 ** z), y: Math.floor((0.2 + 0.6 * random(2)) * 2 ** z) };
      const [w, s, e, n] = bounds(home);
      const [width, height] = [(e - w) * random(3) * 2, (n - s) * random(4) * 2];
      const [left, low] = [w + (e - w) * (3 * random(5) - 1), s + (n - s) * (3 * random(6) - 1)];
      const box: Bbox = [left, low, left + width, low + height];
      const test = touchTest([box]);
      for (const tile of around(home, 2)) {
        const [tw, ts, te, tn] = bounds(tile);
        const meets = (margin: number) =>
          box[2] >= tw - margin * (te - tw) &&
          box[0] <= te + margin * (te - tw) &&
          box[3] >= ts - margin * (tn - ts) &&
          box[1] <= tn + margin * (tn - ts);
        // 64 of 4096 is 0.0156; degrees of latitude are not quite even within a tile.
        if (meets(0.012)) expect(test(tile), `${names([tile])} ${box}`).toBe(true);
        if (!meets(0.03)) expect(test(tile), `${names([tile])} ${box}`).toBe(false);
      }
    }
  });

  it('are none without a box, and all for the whole world', () => {
    expect(touchTest([])(HOME)).toBe(false);
    expect(touchTest([[-180, -90, 180, 90]])({ z: 3, x: 0, y: 7 })).toBe(true);
  });
});

it('boxes are those of the layers a source holds', () => {
  const stale = [
    { layers: ['streets', 'cells'], boxes: [[1, 2, 3, 4] as Bbox] },
    { layers: ['issues', 'heat'], boxes: [[5, 6, 5, 6] as Bbox, [7, 8, 7, 8] as Bbox] },
  ];
  expect(boxesOf(stale, ['streets', 'communities', 'cells'])).toEqual([[1, 2, 3, 4]]);
  expect(boxesOf(stale, ['heat'])).toHaveLength(2);
  expect(boxesOf(stale, ['households'])).toEqual([]);
});
