/** The plan as it lies on the desk, and what a change makes of it. Nothing is changed in place: what is equal stays the same object. */
import type { Balance, BlockRow, CellRow, Changed, Community, Desk, PlanSummary, Problem, Step } from '../api/types';

export interface Laid {
  plan: PlanSummary;
  revision: number;
  /** Share of the mean that a cell may deviate. */
  tolerance: number;
  editable: boolean;
  communities: readonly Community[];
  cells: ReadonlyMap<string, CellRow>;
  blocks: ReadonlyMap<number, BlockRow>;
  /** Apart from the rows: when a cell comes or goes, every deviation moves but hardly a row. */
  deviations: ReadonlyMap<string, number>;
  balance: Balance;
  problems: readonly Problem[];
  undo: Step | null;
  redo: Step | null;
}

export function layOut(desk: Desk): Laid {
  return {
    plan: desk.plan,
    revision: desk.plan.revision,
    tolerance: desk.tolerance,
    editable: desk.editable,
    communities: desk.communities,
    cells: new Map(desk.cells.map((row) => [row.code, row])),
    blocks: new Map(desk.blocks.map((row) => [row.id, row])),
    deviations: new Map(
      desk.cells.flatMap(({ code, kind, deviation }) => (kind === 'basic' ? [[code, deviation] as const] : [])),
    ),
    balance: desk.plan.balance,
    problems: desk.problems,
    undo: desk.undo ?? null,
    redo: desk.redo ?? null,
  };
}

/** A change that is already there changes nothing. */
export function applyChanged(laid: Laid, changed: Changed): Laid {
  if (changed.revision <= laid.revision) return laid;
  const cells = changedMap(laid.cells, changed.cells, changed.removed_cells, (row) => row.code);
  return {
    ...laid,
    plan: { ...laid.plan, revision: changed.revision, balance: changed.balance, cells: cells.size },
    revision: changed.revision,
    communities: changed.communities ?? laid.communities,
    cells,
    blocks: changedMap(laid.blocks, changed.blocks, changed.removed_blocks, (row) => row.id),
    deviations: new Map(Object.entries(changed.deviations)),
    balance: changed.balance,
    problems: changed.problems,
    undo: changed.undo ?? null,
    redo: changed.redo ?? null,
  };
}

function changedMap<K, R>(
  before: ReadonlyMap<K, R>,
  rows: readonly R[],
  removed: readonly K[],
  keyOf: (row: R) => K,
): ReadonlyMap<K, R> {
  if (rows.length === 0 && removed.length === 0) return before;
  const after = new Map(before);
  for (const key of removed) after.delete(key);
  for (const row of rows) after.set(keyOf(row), row);
  return after;
}

/** What the list of plans says of it: its name, and whether it is a draft still. */
export const withSummary = (laid: Laid, plan: PlanSummary): Laid => ({
  ...laid,
  plan: { ...plan, revision: laid.revision, balance: laid.balance, cells: laid.cells.size },
  editable: plan.state === 'draft',
});

/** Rows that are new or other than before, and keys that are gone. */
export function difference<K, R>(before: ReadonlyMap<K, R>, after: ReadonlyMap<K, R>): { put: R[]; gone: K[] } {
  if (before === after) return { put: [], gone: [] };
  return {
    put: [...after].filter(([key, row]) => before.get(key) !== row).map(([, row]) => row),
    gone: [...before.keys()].filter((key) => !after.has(key)),
  };
}

/** Of some cells those that the planner may draw again. */
export function redrawable({ cells }: Pick<Laid, 'cells'>, codes: Iterable<string>): string[] {
  return [...codes].filter((code) => {
    const cell = cells.get(code);
    return cell?.kind === 'basic' && !cell.locked;
  });
}

/** A cell and its neighbours, those that the planner may draw again; none where the cell itself may not. */
export function redrawableAround(laid: Pick<Laid, 'cells'>, code: string): string[] {
  const around = redrawable(laid, [code, ...(laid.cells.get(code)?.neighbours ?? [])]);
  return around.includes(code) ? around : [];
}

/** A cell's own name, or its code where it has none. */
export const nameOf = (laid: Laid, code: string): string => laid.cells.get(code)?.name || code;
