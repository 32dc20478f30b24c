import { describe, expect, it } from 'vitest';
import { formatLonLat, parseCoordinates } from './coordinates';

describe('coordinates as people type them', () => {
  it.each<[string, number, number]>([
    ['104.83, 26.59', 104.83, 26.59],
    ['104.83 26.59', 104.83, 26.59],
    ['  104.83，26.59 ', 104.83, 26.59],
    ['104.83;26.59', 104.83, 26.59],
    ['-0.5,+51.4', -0.5, 51.4],
    ['104°、26°', 104, 26],
  ])('%s', (text, x, y) => {
    expect(parseCoordinates(text, 'EPSG:4326')).toEqual({ x, y, swapped: false });
  });

  it.each(['520201011005', '104.83', '26.59,', '人民路 12 号', '1,2,3', '1e3,2', '12-3', ''])(
    '%j is something else',
    (text) => {
      expect(parseCoordinates(text, 'EPSG:4326')).toBeNull();
    },
  );

  it('notices latitude first, and only in degrees', () => {
    expect(parseCoordinates('26.59, 104.83', 'gcj02')?.swapped).toBe(true);
    expect(parseCoordinates('26.59, 104.83', 'EPSG:3857')?.swapped).toBe(false);
  });
});

it('formats longitude first', () => {
  expect(formatLonLat(104.8300004, 26.5)).toBe('104.830000, 26.500000');
});
