/** The desk as tests and the curious ask for it, at `window.wangge.desk`. */
import { effect } from '@preact/signals';
import { gridMap } from '../../state/mapHandle';
import { laid, neighbour, painted, selected, shownBlock, sketch, store, tool } from './session';
import type { Timing } from './store';

function state() {
  const now = laid.peek();
  const open = store.peek();
  return {
    plan: open?.at ?? null,
    phase: open?.phase.peek() ?? null,
    revision: now?.revision ?? null,
    tool: tool.peek(),
    selected: [...selected.peek()],
    neighbour: neighbour.peek(),
    shown_block: shownBlock.peek(),
    painted: [...painted.peek()],
    /** Lines and handles of the tool in hand. */
    sketch: [...sketch.peek()],
    cells: [...(now?.cells.values() ?? [])],
    blocks: [...(now?.blocks.values() ?? [])],
    deviations: Object.fromEntries(now?.deviations ?? []),
    balance: now?.balance ?? null,
    problems: now?.problems ?? [],
    undo: now?.undo ?? null,
    redo: now?.redo ?? null,
    refusal: open?.refusal.peek() ?? null,
  };
}

export type DeskState = ReturnType<typeof state>;

export interface DeskHandle {
  /** What lies on the desk, as plain data. */
  state(): DeskState;
  /** A command is under way, or the map's tiles do not show it yet. */
  busy(): boolean;
  /** How long the commands took, in milliseconds from when they were given. */
  timings(): Timing[];
}

const handle: DeskHandle = {
  state,
  busy: () => {
    const open = store.peek();
    if (!open) return false;
    return open.waiting.peek() > 0 || open.timings.some(({ settled_ms }) => settled_ms === null);
  },
  timings: () => store.peek()?.timings.map((timing) => ({ ...timing })) ?? [],
};

/** Returns what takes it away again. */
export function letAsk(): () => void {
  const stop = effect(() => {
    if (gridMap.value && window.wangge) window.wangge.desk = handle;
  });
  return () => {
    stop();
    if (window.wangge) delete window.wangge.desk;
  };
}
