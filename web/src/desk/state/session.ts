/** What the planner is doing: which draft is open, what is selected, which tool is in hand. */
import { batch, computed, effect, signal } from '@preact/signals';
import { asOf, deskAt, selection as viewerSelection } from '../../state/app';
import { plansTouched } from '../../state/data';
import { deskApi } from '../api/requests';
import type { LonLat } from '../api/types';
import { BlockIndex } from '../model/blocks';
import { Boundaries } from '../model/boundaries';
import { type Order, WORST_FIRST } from '../model/table';
import { DeskStore } from './store';

export const TOOLS = ['select', 'brush', 'box', 'vertex', 'split', 'merge', 'pull'] as const;
export type ToolName = (typeof TOOLS)[number];

/** The draft open, if one is. */
export const store = signal<DeskStore | null>(null);
export const laid = computed(() => store.value?.laid.value ?? null);
export const editable = computed(() => laid.value?.editable ?? false);

/** Codes of the cells selected, the one last chosen first. */
export const selected = signal<readonly string[]>([]);
export const primary = computed(() => selected.value[0] ?? null);
export const hovered = signal<string | null>(null);
export const tool = signal<ToolName>('select');
/** The neighbour that the keyboard moves blocks from or to. */
export const neighbour = signal<string | null>(null);

export const order = signal<Order>(WORST_FIRST);
export const filter = signal('');
/** Pixels; 0 paints the block under the pointer only. */
export const brushRadius = signal(16);
export const cutBlocks = signal(false);
/** Metres within which a boundary is pulled onto a street. */
export const pullReach = signal(30);

/** Blocks painted in the stroke under way. */
export const painted = signal<ReadonlySet<number>>(new Set());
/** The block that the keyboard would move. */
export const shownBlock = signal<number | null>(null);

/** Lines, handles and areas that the tool in hand draws, by role. */
export interface Sketch {
  role: 'line' | 'box' | 'handle' | 'fixed' | 'middle' | 'held' | 'area' | 'trail' | 'circle';
  geometry: GeoJSON.Geometry;
}
export const sketch = signal<readonly Sketch[]>([]);
/** Where the map should look. */
export const lookAt = signal<{ at: LonLat; serial: number } | null>(null);

/** Place in the list of the problem last gone to. */
export const problemShown = signal(-1);

export type DialogName = 'plans' | 'planning' | 'publish' | 'compare' | 'import' | 'help';
export const dialog = signal<DialogName | null>(null);

const WHO_KEY = 'wangge.who';
export const who = signal(localStorage.getItem(WHO_KEY) ?? '');
/** Goes with every command until it is cleared, or another plan is opened. */
export const why = signal('');

export const blockIndex = computed(() => new BlockIndex(laid.value?.blocks ?? new Map()));
export const boundaries = computed(() => new Boundaries(laid.value?.cells.values() ?? []));

export function select(code: string | null, more = false) {
  batch(() => {
    const before = selected.peek();
    if (code === null) selected.value = [];
    else if (!more) selected.value = [code];
    else selected.value = before.includes(code) ? before.filter((other) => other !== code) : [code, ...before];
    shownBlock.value = null;
    neighbour.value = null;
  });
}

export function show(at: LonLat) {
  lookAt.value = { at, serial: (lookAt.peek()?.serial ?? 0) + 1 };
}

/** Selects a cell and moves the map so that it is seen. */
export function goTo(code: string) {
  const cell = laid.peek()?.cells.get(code);
  if (!cell) return;
  select(code);
  if (cell.label) show(cell.label);
}

export function openPlan(street: string, plan: number | null) {
  batch(() => {
    deskAt.value = { street, plan };
    dialog.value = null;
  });
}

export function leaveDesk() {
  deskAt.value = null;
}

/** Follows the link and the server. Returns what ends it. */
export function followDesk(): () => void {
  const stops = [
    effect(() => {
      const at = deskAt.value;
      const open = store.peek();
      if (open && at && at.plan === open.at.plan && at.street === open.at.street) return;
      open?.close();
      batch(() => {
        selected.value = [];
        painted.value = new Set();
        sketch.value = [];
        tool.value = 'select';
        neighbour.value = null;
        shownBlock.value = null;
        filter.value = '';
        why.value = '';
        problemShown.value = -1;
        viewerSelection.value = null;
        asOf.value = null;
        store.value = at?.plan
          ? new DeskStore({ street: at.street, plan: at.plan }, deskApi, () => ({
              who: who.peek().trim(),
              why: why.peek().trim(),
            }))
          : null;
      });
      void store.peek()?.load();
    }),
    effect(() => {
      const touched = plansTouched.value;
      const open = store.peek();
      if (!open || !touched) return;
      const ours =
        touched.plans === 'any' || (touched.street === open.at.street && touched.plans.includes(open.at.plan));
      if (ours) void open.catchUp();
    }),
    effect(() => {
      localStorage.setItem(WHO_KEY, who.value);
    }),
    // What is no longer there cannot be selected.
    effect(() => {
      const cells = laid.value?.cells;
      if (!cells) return;
      const there = selected.value.filter((code) => cells.has(code));
      if (there.length < selected.value.length) selected.value = there;
      if (neighbour.value && !cells.has(neighbour.value)) neighbour.value = null;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    store.peek()?.close();
    store.value = null;
  };
}
