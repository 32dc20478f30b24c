/** A small plan for tests: square blocks in rows, a cell for each so many columns. Not part of the app. */
import type { BlockRow, CellRow, Changed, Desk, LonLat, MultiPolygonCoordinates } from './api/types';

const STEP = 0.001;
const WEST = 104.8;
const SOUTH = 26.5;

const point = (x: number, y: number): LonLat => [
  Math.round((WEST + x * STEP) * 1e7) / 1e7,
  Math.round((SOUTH + y * STEP) * 1e7) / 1e7,
];

/** The corner of the blocks so far east and north. */
export const corner = point;

/** A code by the cell's number from the west. */
export const cellCode = (n: number) => `520201014001${String(n + 1).padStart(3, '0')}`;

export function blockRow(id: number, x: number, y: number, cell: string, households = 10): BlockRow {
  return {
    id,
    cell,
    households,
    at: point(x + 0.5, y + 0.5),
    geometry: [[point(x, y), point(x + 1, y), point(x + 1, y + 1), point(x, y + 1), point(x, y)]],
  };
}

export function cellRow(code: string, geometry: MultiPolygonCoordinates, more: Partial<CellRow> = {}): CellRow {
  return {
    code,
    name: `cell ${code.slice(-3)}`,
    kind: 'basic',
    locked: false,
    community: code.slice(0, 12),
    households: 0,
    persons: null,
    area_m2: 1,
    compactness: 0.7,
    groups: 1,
    issues_month: 0,
    deviation: 0,
    neighbours: [],
    label: point(0, 0),
    bbox: [0, 0, 0, 0],
    geometry,
    ...more,
  };
}

/** A rectangle of blocks as one ring with every block's corner on it. */
export function rectangle(x0: number, y0: number, x1: number, y1: number): MultiPolygonCoordinates {
  const ring: LonLat[] = [];
  for (let x = x0; x < x1; x += 1) ring.push(point(x, y0));
  for (let y = y0; y < y1; y += 1) ring.push(point(x1, y));
  for (let x = x1; x > x0; x -= 1) ring.push(point(x, y1));
  for (let y = y1; y >= y0; y -= 1) ring.push(point(x0, y));
  return [[ring]];
}

/** Cells of `wide` columns each, side by side, over `rows` rows. */
export function desk(cells = 3, wide = 2, rows = 3): Desk {
  const households = wide * rows * 10;
  const balance = { mean: households, largest: 0, average: 0, beyond: 0 };
  return {
    plan: {
      id: 2,
      name: 'draft',
      state: 'draft',
      created_at: '2026-11-24T00:00:00Z',
      revision: 4,
      tag: 'r4.draft',
      cells,
      communities: 1,
      groups: cells,
      households: households * cells,
      balance,
    },
    tolerance: 0.1,
    editable: true,
    communities: [{ code: '520201014001', name: 'Wenchang' }],
    cells: Array.from({ length: cells }, (_, n) =>
      cellRow(cellCode(n), rectangle(n * wide, 0, (n + 1) * wide, rows), {
        households,
        neighbours: [n - 1, n + 1].filter((k) => k >= 0 && k < cells).map(cellCode),
      }),
    ),
    blocks: Array.from({ length: cells * wide * rows }, (_, i) => {
      const x = i % (cells * wide);
      return blockRow(i + 1, x, Math.floor(i / (cells * wide)), cellCode(Math.floor(x / wide)));
    }),
    problems: [],
    undo: null,
    redo: null,
  };
}

export function changed(revision: number, more: Partial<Changed> = {}): Changed {
  return {
    revision,
    blocks: [],
    removed_blocks: [],
    cells: [],
    removed_cells: [],
    deviations: {},
    balance: { mean: 60, largest: 0.2, average: 0.1, beyond: 1 },
    problems: [],
    undo: null,
    redo: null,
    ...more,
  };
}
