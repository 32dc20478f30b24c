/** A planning from wish to result: what is asked for, and how its progress is followed. */
import {
  cancelPlanning,
  fetchPlanning,
  type Planning,
  type PlanningResult,
  type PlanningWish,
  type PlanSummary,
  type Variant,
} from './api';

/** What is planned: all that is not locked, the cells chosen, the one chosen and those around it, or the street from nothing. */
export type Scope = 'unlocked' | 'cells' | 'around' | 'street';

/** Codes that a planning may be of: cells that are neither locked nor dedicated. */
export interface Chosen {
  /** Chosen on the desk. */
  cells: readonly string[];
  /** Where one is chosen: it and its neighbours. */
  around: readonly string[];
}

/** Scopes that make sense, the likeliest first: who has one cell chosen has been looking at it, and means the plan. */
export function scopesOf(open: unknown, { cells, around }: Chosen): Scope[] {
  if (!open) return ['street'];
  if (cells.length > 1) return ['cells', 'unlocked', 'street'];
  if (cells.length === 0) return ['unlocked', 'street'];
  return around.length > 1 ? ['unlocked', 'around', 'cells', 'street'] : ['unlocked', 'cells', 'street'];
}

export const codesOf = (scope: Scope, { cells, around }: Chosen): readonly string[] =>
  scope === 'cells' ? cells : scope === 'around' ? around : [];

/** Where the result chosen goes. */
export type Target = 'draft' | 'into';

/** How dear it is to move a household to another cell. */
export const CHURN = { few: 2, some: 1, free: 0 } as const;
export type Churn = keyof typeof CHURN;
export const CHURNS: readonly Churn[] = ['few', 'some', 'free'];

/** What balance weighs beside shape. */
export const WISHES = { shape: 0.2, both: 0.5, even: 0.8 } as const;
export type Wish = keyof typeof WISHES;

export const MAX_VARIANTS = 6;

export interface PlanningForm {
  scope: Scope;
  target: Target;
  /** Texts of the number fields: empty for the planner's own choice. */
  cells: string;
  communities: string;
  churn: Churn;
  variants: readonly Variant[];
}

export const FIRST_VARIANTS: readonly Variant[] = [
  { seed: 1, balance: WISHES.shape },
  { seed: 1, balance: WISHES.both },
  { seed: 1, balance: WISHES.even },
];

/** The next variant offered: the last one's wish from another seed. */
export function anotherVariant(variants: readonly Variant[]): Variant {
  const { balance } = variants.at(-1) ?? { balance: WISHES.both };
  const seeds = variants.filter((variant) => variant.balance === balance).map(({ seed }) => seed);
  return { balance, seed: Math.max(0, ...seeds) + 1 };
}

/** A count of at least one; `null` for none given, `undefined` for what is no such number. */
export function parseCount(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  return /^\d{1,5}$/.test(text.trim()) && Number(text) > 0 ? Number(text) : undefined;
}

export type FormFault = 'cells' | 'alone' | 'communities' | 'seed' | 'twice';

export function faultOf({ cells, communities, variants, scope }: PlanningForm, chosen: Chosen): FormFault | null {
  const count = parseCount(cells);
  if (count === undefined) return 'cells';
  // One cell made of one is the cell as it is.
  if (codesOf(scope, chosen).length === 1 && (count ?? 1) < 2) return 'alone';
  if (scope === 'street' && parseCount(communities) === undefined) return 'communities';
  if (variants.some(({ seed }) => !Number.isSafeInteger(seed) || seed < 0)) return 'seed';
  const distinct = new Set(variants.map(({ seed, balance }) => `${seed} ${balance}`));
  return distinct.size < variants.length ? 'twice' : null;
}

export function wishOf(
  form: PlanningForm,
  open: Pick<PlanSummary, 'id' | 'cells'> | null,
  chosen: Chosen,
): PlanningWish {
  const { scope, target, churn, variants } = form;
  const cells = parseCount(form.cells);
  const communities = parseCount(form.communities);
  const wish: PlanningWish = { variants: [...variants] };
  if (cells) wish.cells = cells;
  if (scope === 'street' || open === null) {
    if (communities) wish.communities = communities;
    return wish;
  }
  // The server counts the whole street; who has chosen some cells counts those.
  const codes = codesOf(scope, chosen);
  if (cells && codes.length) wish.cells = open.cells - codes.length + cells;
  wish[target === 'into' ? 'into' : 'base'] = open.id;
  wish.codes = [...codes];
  wish.churn = CHURN[churn];
  return wish;
}

/** Results in the order of their variants, those alike together: other wishes often come to the same cells. */
export function alike(results: readonly PlanningResult[]): PlanningResult[][] {
  const kinds = new Map<string, PlanningResult[]>();
  for (const result of results) {
    const key = result.done && result.cells?.length ? JSON.stringify(result.cells) : `${result.n}`;
    kinds.set(key, [...(kinds.get(key) ?? []), result]);
  }
  return [...kinds.values()];
}

/** How often is asked how far it is. */
const POLL_MS = 300;
/** Answers that may fail to come, one after another, before it is given up. */
const PATIENCE = 5;

const pause = (ms: number, abort: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    abort.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Tells how far a planning is until it is over. Rejects when the server does not answer any more. */
export async function followPlanning(
  street: string,
  id: string,
  onState: (planning: Planning) => void,
  abort: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!abort.aborted) {
    try {
      const planning = await fetchPlanning(street, id, abort);
      failures = 0;
      if (abort.aborted) return;
      onState(planning);
      if (planning.state !== 'running') return;
    } catch (cause) {
      if (abort.aborted) return;
      failures += 1;
      if (failures >= PATIENCE) throw cause;
    }
    await pause(POLL_MS, abort);
  }
}

/** Nobody waits for it any more: that it cannot be told is no matter. */
export function abandonPlanning(street: string, id: string) {
  void cancelPlanning(street, id).catch(() => {});
}
