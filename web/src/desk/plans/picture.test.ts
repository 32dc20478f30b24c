import { expect, it } from 'vitest';
import { square } from './fakeStreet';
import { areaPath, boundsOf, frameOf, PICTURE_WIDTH } from './picture';

it('the frame holds all areas, with degrees of longitude as long as they are there', () => {
  const frame = frameOf([{ geometry: square(0) }, { geometry: square(3) }]);
  if (!frame) throw new Error('no frame');
  expect(frame.width).toBeCloseTo(PICTURE_WIDTH);
  // Four hundredths of a degree by one, at 26° north.
  expect(frame.width / frame.height).toBeCloseTo(4 * Math.cos((26.005 * Math.PI) / 180), 3);
});

it('north is up and west is left', () => {
  const frame = frameOf([{ geometry: square(0) }]);
  if (!frame) throw new Error('no frame');
  const [w, h] = [frame.width, frame.height].map((size) => Math.round(size * 10) / 10);
  expect(areaPath(square(0), frame)).toBe(`M0 ${h}L${w} ${h}L${w} 0L0 0L0 ${h}Z`);
});

it('points that fall together are one, and what is too small is not drawn', () => {
  const frame = frameOf([{ geometry: square(0, 100) }]);
  if (!frame) throw new Error('no frame');
  expect(areaPath(square(0, 0.001), frame).match(/L/g)?.length ?? 0).toBeLessThan(4);
  const speck = square(0, 0.001).map((polygon) =>
    polygon.map((ring) => ring.map(([lon]): [number, number] => [lon, 26])),
  );
  expect(areaPath(speck, frame)).toBe('');
});

it('nothing has no frame', () => {
  expect(boundsOf([])).toBeNull();
  expect(frameOf([])).toBeNull();
});
