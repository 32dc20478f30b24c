import { describe, expect, it } from 'vitest';
import { cellRow, changed, desk } from '../fixture';
import { histogram } from './histogram';
import { applyChanged, layOut } from './laid';
import { reorder, tableRows, WORST_FIRST } from './table';

const base = layOut({
  ...desk(),
  cells: [
    cellRow('520201014001001', [[]], { name: '第10网格', households: 55 }),
    cellRow('520201014001002', [[]], { name: '第2网格', households: 80 }),
    cellRow('520201014001003', [[]], { name: '', households: 40 }),
    cellRow('520201014002004', [[]], { name: '公园', kind: 'dedicated', deviation: -0.9, community: '520201014002' }),
  ],
});
const laid = applyChanged(
  base,
  changed(5, { deviations: { '520201014001001': -0.05, '520201014001002': 0.37, '520201014001003': -0.4 } }),
);
const codes = (order = WORST_FIRST, filter = '') => tableRows(laid, order, filter).map(({ code }) => code.slice(-3));

describe('the table', () => {
  it('has the worst first, whichever way they deviate, and those without a balance last', () => {
    expect(codes()).toEqual(['003', '002', '001', '004']);
  });

  it('sorts names as people count', () => {
    expect(codes({ column: 'name', descending: false }).indexOf('002')).toBeLessThan(
      codes({ column: 'name', descending: false }).indexOf('001'),
    );
  });

  it('is filtered by name, code and community', () => {
    expect(codes(WORST_FIRST, '公园')).toEqual(['004']);
    expect(codes(WORST_FIRST, ' 1003 ')).toEqual(['003']);
    expect(codes(WORST_FIRST, 'wench')).toEqual(['003', '002', '001']);
    expect(codes(WORST_FIRST, 'nowhere')).toEqual([]);
  });

  it('turns round when asked for the same column again', () => {
    expect(reorder(WORST_FIRST, 'deviation')).toEqual({ column: 'deviation', descending: false });
    expect(reorder(WORST_FIRST, 'persons')).toEqual({ column: 'persons', descending: true });
    expect(reorder(WORST_FIRST, 'name')).toEqual({ column: 'name', descending: false });
  });
});

describe('the histogram', () => {
  const bins = (deviations: Record<string, number>) =>
    histogram(applyChanged(base, changed(5, { deviations })))
      .filter((bin) => bin.codes.length)
      .map((bin) => [Number(bin.from.toFixed(2)), Number(bin.to.toFixed(2)), bin.codes.join()]);

  it('keeps what is exactly at the tolerance within it, on either side', () => {
    expect(bins({ a: 0.1, b: -0.1 })).toEqual([
      [-0.1, -0.05, 'b'],
      [0.05, 0.1, 'a'],
    ]);
  });

  it('puts whatever lies farther out into the last class', () => {
    expect(bins({ a: 4, b: -0.99 })).toEqual([
      [-0.3, -0.25, 'b'],
      [0.25, 0.3, 'a'],
    ]);
  });

  it('counts every cell once', () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, (i - 50) / 100]));
    expect(
      histogram(applyChanged(base, changed(5, { deviations: many }))).flatMap(({ codes: all }) => all),
    ).toHaveLength(101);
  });
});
