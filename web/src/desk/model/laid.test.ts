import { describe, expect, it } from 'vitest';
import type { CellRow } from '../api/types';
import { blockRow, cellCode, cellRow, changed, desk } from '../fixture';
import { applyChanged, difference, layOut, redrawable, redrawableAround, withSummary } from './laid';

const before = layOut(desk());
const [first, second] = [cellCode(0), cellCode(1)];

describe('a change', () => {
  it('puts rows, takes others away, and leaves the rest the same objects', () => {
    const split = cellRow('520201014001101', [[]], { households: 30 });
    const after = applyChanged(
      before,
      changed(5, {
        cells: [split],
        removed_cells: [second],
        blocks: [blockRow(1, 0, 0, split.code), blockRow(99, 9, 9, split.code)],
        removed_blocks: [2],
        deviations: { [first]: 0.25, [split.code]: -0.5 },
      }),
    );
    expect([...after.cells.keys()]).toEqual([first, cellCode(2), split.code]);
    expect(after.cells.get(first)).toBe(before.cells.get(first));
    expect(after.blocks.get(1)?.cell).toBe(split.code);
    expect(after.blocks.has(2)).toBe(false);
    expect(after.blocks.has(99)).toBe(true);
    expect(after.blocks.get(3)).toBe(before.blocks.get(3));
    expect(after.deviations.get(first)).toBe(0.25);
    expect(after.deviations.has(cellCode(2))).toBe(false);
    expect(after.revision).toBe(5);
    expect(after.plan.cells).toBe(3);
    expect(before.cells.has(second)).toBe(true);
  });

  it('that is already there changes nothing', () => {
    expect(applyChanged(before, changed(4, { removed_cells: [first] }))).toBe(before);
  });

  it('of a name alone keeps the blocks as they are', () => {
    const row = cellRow(first, [[]], { name: '东街' });
    const after = applyChanged(before, changed(5, { cells: [row] }));
    expect(after.blocks).toBe(before.blocks);
    expect(difference(before.cells, after.cells)).toEqual({ put: [row], gone: [] });
  });

  it('keeps the communities unless it names them', () => {
    expect(applyChanged(before, changed(5)).communities).toBe(before.communities);
    const communities = [{ code: '520201014001', name: '新名' }];
    expect(applyChanged(before, changed(5, { communities })).communities).toBe(communities);
  });
});

describe('the difference of two states', () => {
  it('names what is put and what is gone', () => {
    const after = applyChanged(before, changed(5, { removed_cells: [first], cells: [cellRow('x', [[]])] }));
    const { put, gone } = difference(before.cells, after.cells);
    expect(put.map(({ code }) => code)).toEqual(['x']);
    expect(gone).toEqual([first]);
  });
});

it('a dedicated cell has no deviation', () => {
  const plan = desk();
  const laid = layOut({ ...plan, cells: [cellRow('a', [[]], { kind: 'dedicated', deviation: -0.9 }), ...plan.cells] });
  expect(laid.deviations.has('a')).toBe(false);
  expect(laid.deviations.size).toBe(3);
});

it('a draft that was published can be changed no more', () => {
  const published = withSummary(before, { ...before.plan, name: 'autumn', state: 'published', revision: 99 });
  expect(published.editable).toBe(false);
  expect(published.plan.name).toBe('autumn');
  expect(published.plan.revision).toBe(before.revision);
  expect(published.cells).toBe(before.cells);
});

it('neither locked nor dedicated cells are drawn again', () => {
  const { cells } = before;
  const codes = [...cells.keys()];
  const other = (code: string, more: Partial<CellRow>) => {
    const row = cells.get(code);
    return { cells: new Map([...cells, ...(row ? [[code, { ...row, ...more }] as const] : [])]) };
  };
  expect(redrawable(before, codes)).toEqual(codes);
  expect(redrawableAround(before, second)).toEqual([second, codes[0], codes[2]]);
  expect(redrawable(other(first, { locked: true }), codes)).toEqual(codes.slice(1));
  expect(redrawableAround(other(first, { kind: 'dedicated' }), second)).toEqual([second, codes[2]]);
  expect(redrawableAround(other(second, { locked: true }), second)).toEqual([]);
});
