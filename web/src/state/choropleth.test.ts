import { describe, expect, it } from 'vitest';
import type { Counts } from '../api/types';
import { rangeText } from '../panels/Legend';
import { classify, classOf, colourIndex, quantileBreaks, rangesOf } from './choropleth';

const counts = (breaks: number[], rows: [code: string, total: number, households: number][]): Counts => ({
  level: 'cell',
  breaks,
  max_total: Math.max(...rows.map(([, total]) => total)),
  counts: rows.map(([code, total, households]) => ({ code, total, open: 0, households })),
});

const BREAKS = [1, 4, 9, 20];

describe('classes', () => {
  it.each([
    [0, 0],
    [1, 1],
    [3, 1],
    [4, 2],
    [19, 3],
    [20, 4],
    [500, 4],
  ])('%i is of class %i', (value, expected) => {
    expect(classOf(value, BREAKS)).toBe(expected);
  });

  it('take every area once, by the breaks of the API', () => {
    const { codes, ranges } = classify(
      counts(BREAKS, [
        ['a', 0, 1],
        ['b', 4, 1],
        ['c', 8, 1],
        ['d', 99, 1],
      ]),
      'count',
    );
    expect(codes).toEqual([['a'], [], ['b', 'c'], [], ['d']]);
    expect(ranges).toHaveLength(5);
  });

  it('of a rate leave out areas where nobody lives', () => {
    const { codes, measure } = classify(
      counts(BREAKS, [
        ['a', 5, 0],
        ['b', 5, 100],
        ['c', 10, 100],
      ]),
      'rate',
    );
    expect(measure).toBe('rate');
    expect(codes.flat().sort()).toEqual(['b', 'c']);
    expect(codes.findIndex((c) => c.includes('b'))).toBeLessThan(codes.findIndex((c) => c.includes('c')));
  });

  it('are fewer where values repeat, never empty by doubling', () => {
    expect(quantileBreaks([7, 7, 7, 7])).toEqual([]);
    expect(quantileBreaks([])).toEqual([]);
    const breaks = quantileBreaks([0, 0, 0, 0, 1, 2, 3, 9, 9, 9]);
    expect(breaks).toEqual([...new Set(breaks)].sort((a, b) => a - b));
  });

  it('cut many values into five of about equal size', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    const breaks = quantileBreaks(values);
    const sizes = [0, 0, 0, 0, 0];
    for (const value of values) sizes[classOf(value, breaks)] = (sizes[classOf(value, breaks)] ?? 0) + 1;
    expect(sizes).toEqual([200, 200, 200, 200, 200]);
  });
});

describe('the legend', () => {
  it('names whole counts without overlap', () => {
    expect(rangesOf(BREAKS).map((range) => rangeText(range, true))).toEqual(['0', '1 – 3', '4 – 8', '9 – 19', '≥ 20']);
  });

  it('names rates by their limits', () => {
    expect(rangesOf([2.5, 10]).map((range) => rangeText(range, false))).toEqual(['0 – 2.5', '2.5 – 10', '≥ 10']);
  });

  it('spreads fewer classes over the whole scale', () => {
    expect([0, 1, 2].map((i) => colourIndex(i, 3))).toEqual([0, 2, 4]);
    expect([0, 1, 2, 3, 4].map((i) => colourIndex(i, 5))).toEqual([0, 1, 2, 3, 4]);
    expect(colourIndex(0, 1)).toBe(0);
  });
});
