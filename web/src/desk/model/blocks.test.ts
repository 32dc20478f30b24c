import { describe, expect, it } from 'vitest';
import type { LonLat } from '../api/types';
import { cellCode, corner, desk } from '../fixture';
import { BlockIndex } from './blocks';
import { layOut } from './laid';
import { contains, reaches } from './plane';

const { blocks } = layOut(desk(3, 2, 3));
const index = new BlockIndex(blocks);
const ids = (found: { id: number }[]) => found.map(({ id }) => id).sort((a, b) => a - b);

/** A fixed scatter of points over and around the plan. */
const points = Array.from({ length: 200 }, (_, i): LonLat => {
  const [x, y] = corner(((i * 37) % 80) / 10 - 1, ((i * 53) % 50) / 10 - 1);
  return [x + 0.00003, y + 0.00007];
});

describe('the index of blocks', () => {
  it('finds under every point what looking at all of them finds', () => {
    for (const at of points) {
      const all = [...blocks.values()].filter((block) => contains(block.geometry, at));
      expect(ids([index.at(at)].flatMap((found) => found ?? []))).toEqual(ids(all));
    }
  });

  it.each([0, 20, 60, 150])('finds within %i m what looking at all of them finds', (metres) => {
    for (const at of points) {
      const all = [...blocks.values()].filter((block) => reaches(block.geometry, at, metres, index.scale));
      expect(ids(index.near(at, metres))).toEqual(ids(all));
    }
  });

  it('finds in a rectangle the blocks whose middle it holds', () => {
    const [west, south] = corner(0.6, 0);
    const [east, north] = corner(2.6, 1);
    expect(ids(index.within([west, south, east, north]))).toEqual([2, 3]);
  });

  it('finds a cell’s blocks along the border with another, and none where cells do not touch', () => {
    expect(ids(index.along(cellCode(0), cellCode(1)))).toEqual([2, 8, 14]);
    expect(ids(index.along(cellCode(1), cellCode(0)))).toEqual([3, 9, 15]);
    expect(index.along(cellCode(0), cellCode(2))).toEqual([]);
  });

  it('holds nothing when there is nothing', () => {
    const empty = new BlockIndex(new Map());
    expect(empty.at([104.8, 26.5])).toBeUndefined();
    expect(empty.near([104.8, 26.5], 1000)).toEqual([]);
  });
});
