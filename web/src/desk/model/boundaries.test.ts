import { describe, expect, it } from 'vitest';
import { cellCode, cellRow, corner, desk, rectangle } from '../fixture';
import { Boundaries, nearestEdge, nearestVertex, withVertexInserted, withVertexMoved } from './boundaries';
import { edgeKey, keyOf, scaleAt } from './plane';

const cells = desk(3, 2, 3).cells;
const bounds = new Boundaries(cells);
const vertex = (x: number, y: number) => bounds.vertices.get(keyOf(corner(x, y)));

describe('the boundaries of a plan', () => {
  it('have each vertex once, with the cells that share it', () => {
    expect([...(vertex(2, 1)?.cells ?? [])]).toEqual([cellCode(0), cellCode(1)]);
    expect(vertex(2, 1)?.next.size).toBe(2);
    // Two cells and the outside meet where the border between them ends.
    expect(vertex(2, 0)?.next.size).toBe(3);
    expect(bounds.vertices.size).toBe(new Set(cells.flatMap((c) => c.geometry.flat(2)).map(keyOf)).size);
  });

  it('tell the street’s own boundary, which no plan moves', () => {
    expect(vertex(0, 1)?.fixed).toBe(true);
    expect(vertex(2, 0)?.fixed).toBe(true);
    expect(vertex(2, 1)?.fixed).toBe(false);
  });

  it('give the border of two cells from one end to the other', () => {
    const lines = bounds.between(cellCode(0), cellCode(1));
    expect(lines).toHaveLength(1);
    const line = (lines[0] ?? []).map(keyOf);
    const expected = [0, 1, 2, 3].map((y) => keyOf(corner(2, y)));
    expect([expected.join(), [...expected].reverse().join()]).toContain(line.join());
    expect(bounds.between(cellCode(0), cellCode(2))).toEqual([]);
  });

  it('give the border round an enclave once, closed', () => {
    const hole = rectangle(1, 1, 2, 2)[0]?.[0] ?? [];
    const around = cellRow('around', [[...(rectangle(0, 0, 3, 3)[0] ?? []), [...hole].reverse()]]);
    const [line, ...more] = new Boundaries([around, cellRow('inside', [[hole]])]).between('around', 'inside');
    expect(more).toEqual([]);
    expect(line).toHaveLength(5);
    expect(keyOf(line?.[0] ?? [0, 0])).toBe(keyOf(line?.[4] ?? [1, 1]));
  });

  it('find the vertex and the edge nearest to a place, none when all are too far', () => {
    const scale = scaleAt(26.5);
    const [x, y] = corner(2, 1);
    const near: [number, number] = [x + 0.00001, y + 0.0001];
    expect(nearestVertex(bounds.vertices.values(), near, 30, scale)?.key).toBe(keyOf(corner(2, 1)));
    expect(nearestVertex(bounds.vertices.values(), near, 5, scale)).toBeNull();
    const edge = nearestEdge(bounds.edges.values(), near, 5, scale);
    expect(edge && edgeKey(edge.a, edge.b)).toBe(edgeKey(corner(2, 1), corner(2, 2)));
  });
});

describe('a preview', () => {
  const geometry = rectangle(0, 0, 2, 2);
  const keys = (of: typeof geometry) => of.flat(2).map(keyOf);

  it('moves a vertex wherever the ring has it, its first point too', () => {
    const to = corner(-0.4, -0.4);
    const moved = keys(withVertexMoved(geometry, keyOf(corner(0, 0)), to));
    expect(moved.filter((key) => key === keyOf(to))).toHaveLength(2);
    expect(moved[0]).toBe(moved.at(-1));
    expect(moved).toHaveLength(keys(geometry).length);
  });

  it('puts a vertex on an edge, whichever way the edge is named', () => {
    const at = corner(1.5, 0.2);
    for (const edge of [edgeKey(corner(1, 0), corner(2, 0)), edgeKey(corner(2, 0), corner(1, 0))]) {
      const after = keys(withVertexInserted(geometry, edge, at));
      const place = after.indexOf(keyOf(at));
      expect(after).toHaveLength(keys(geometry).length + 1);
      expect([after[place - 1], after[place + 1]]).toEqual([keyOf(corner(1, 0)), keyOf(corner(2, 0))]);
    }
  });
});
