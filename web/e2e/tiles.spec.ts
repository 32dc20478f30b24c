/** Tiles read by a third independent reader, off the real server. */
import { VectorTile, type VectorTileFeature } from '@mapbox/vector-tile';
import { type APIRequestContext, expect, test } from '@playwright/test';
import { PbfReader } from 'pbf';
import { info } from './app';

const EXTENT = 4096;

async function tile(request: APIRequestContext, layers: string, z: number, x: number, y: number) {
  const answer = await request.get(`/tiles/${layers}/${z}/${x}/${y}`);
  expect([200, 204]).toContain(answer.status());
  return answer.status() === 200 ? new VectorTile(new PbfReader(await answer.body())) : undefined;
}

/** The tiles of a zoom that a box touches, at most four by four of them around its middle. */
function tilesAround([w = 0, s = 0, e = 0, n = 0]: number[], z: number) {
  const column = (lon: number) => Math.floor(((lon + 180) / 360) * 2 ** z);
  const row = (lat: number) => {
    const sin = Math.sin((lat * Math.PI) / 180);
    return Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * 2 ** z);
  };
  const range = (a: number, b: number) => {
    const first = Math.max(a, Math.floor((a + b) / 2) - 1);
    return Array.from({ length: Math.min(b, first + 3) - first + 1 }, (_, i) => first + i);
  };
  return range(column(w), column(e)).flatMap((x) => range(row(n), row(s)).map((y) => ({ x, y })));
}

const features = (read: VectorTile | undefined, layer: string): VectorTileFeature[] => {
  const found = read?.layers[layer];
  return found ? Array.from({ length: found.length }, (_, i) => found.feature(i)) : [];
};

/** Directed edges less their reverses, but for those along the cut at the tile's buffer. */
function unmatched(polygons: VectorTileFeature[]) {
  const balance = new Map<string, number>();
  const outside = (v: number) => v < 0 || v > EXTENT;
  for (const ring of polygons.flatMap((f) => f.loadGeometry())) {
    ring.forEach((a, i) => {
      const b = ring[i + 1];
      if (!b || (a.x === b.x && outside(a.x)) || (a.y === b.y && outside(a.y))) return;
      const forward = a.x < b.x || (a.x === b.x && a.y < b.y);
      const key = forward ? `${a.x},${a.y} ${b.x},${b.y}` : `${b.x},${b.y} ${a.x},${a.y}`;
      balance.set(key, (balance.get(key) ?? 0) + (forward ? 1 : -1));
    });
  }
  return new Set([...balance].filter(([, n]) => n !== 0).map(([key]) => key));
}

for (const z of [10, 11, 12, 13, 14, 15, 16]) {
  test(`neighbouring cells share their edges to the integer at zoom ${z}`, async ({ request }) => {
    const { bounds } = await info(request);
    let cells = 0;
    for (const { x, y } of tilesAround(bounds ?? [], z)) {
      const read = await tile(request, 'streets,cells', z, x, y);
      cells += features(read, 'cells').length;
      // What no other cell matches is the street's own border.
      expect(unmatched(features(read, 'cells'))).toEqual(unmatched(features(read, 'streets')));
    }
    expect(cells).toBeGreaterThan(0);
  });
}
