import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Planning, PlanningResult } from './api';
import { fakeServer, STREET, square } from './fakeStreet';
import {
  alike,
  anotherVariant,
  type Chosen,
  FIRST_VARIANTS,
  faultOf,
  followPlanning,
  type PlanningForm,
  parseCount,
  scopesOf,
  wishOf,
} from './planningRun';

const form = (part: Partial<PlanningForm> = {}): PlanningForm => ({
  scope: 'street',
  target: 'draft',
  cells: '',
  communities: '',
  churn: 'few',
  variants: FIRST_VARIANTS,
  ...part,
});

/** Cells chosen; one alone has two neighbours. */
const of = (...cells: string[]): Chosen => ({ cells, around: cells.length === 1 ? [...cells, 'x', 'y'] : [] });

it.each([
  ['', null],
  [' ', null],
  ['12', 12],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['x', undefined],
])('the count %j is %j', (text, expected) => {
  expect(parseCount(text)).toBe(expected);
});

describe('what is wished for', () => {
  const open = { id: 3, cells: 98 };

  it('is the whole street, from nothing', () => {
    expect(wishOf(form({ cells: '100', communities: '12' }), open, of('a'))).toEqual({
      cells: 100,
      communities: 12,
      variants: FIRST_VARIANTS,
    });
  });

  it('is what is unlocked in a plan, as a new draft', () => {
    expect(wishOf(form({ scope: 'unlocked', communities: '12' }), open, of('a'))).toEqual({
      base: 3,
      codes: [],
      churn: 2,
      variants: FIRST_VARIANTS,
    });
  });

  it('is some cells, into the draft, their number told as the whole street’s', () => {
    expect(wishOf(form({ scope: 'cells', target: 'into', churn: 'free', cells: '3' }), open, of('a', 'b'))).toEqual({
      into: 3,
      cells: 99,
      codes: ['a', 'b'],
      churn: 0,
      variants: FIRST_VARIANTS,
    });
  });

  it.each([
    [form(), null],
    [form({ cells: '0' }), 'cells'],
    [form({ communities: 'x' }), 'communities'],
    [form({ communities: 'x', scope: 'unlocked' }), null],
    [form({ scope: 'cells' }), 'alone'],
    [form({ scope: 'cells', cells: '1' }), 'alone'],
    [form({ scope: 'cells', cells: '2' }), null],
    [form({ scope: 'around' }), null],
    [form({ variants: [{ seed: Number.NaN, balance: 0.5 }] }), 'seed'],
    [form({ variants: [{ seed: -1, balance: 0.5 }] }), 'seed'],
    [
      form({
        variants: [
          { seed: 1, balance: 0.5 },
          { seed: 1, balance: 0.5 },
        ],
      }),
      'twice',
    ],
  ])('%# is found fault with', (wish, expected) => {
    expect(faultOf(wish, of('a'))).toBe(expected);
  });

  it('is a cell and its neighbours, where they are meant', () => {
    expect(wishOf(form({ scope: 'around', cells: '4' }), open, of('a'))).toMatchObject({
      codes: ['a', 'x', 'y'],
      cells: 99,
    });
  });

  it.each([
    [of(), ['unlocked', 'street']],
    [of('a'), ['unlocked', 'around', 'cells', 'street']],
    [{ cells: ['a'], around: ['a'] }, ['unlocked', 'cells', 'street']],
    [of('a', 'b'), ['cells', 'unlocked', 'street']],
  ])('of %j may be %j, the first unless told otherwise', (chosen, expected) => {
    expect(scopesOf(open, chosen)).toEqual(expected);
    expect(scopesOf(null, chosen)).toEqual(['street']);
  });

  it('gets another variant that is not there yet', () => {
    const variants = [...FIRST_VARIANTS, anotherVariant(FIRST_VARIANTS)];
    expect(variants.at(-1)).toEqual({ balance: 0.8, seed: 2 });
    expect(faultOf(form({ variants }), of())).toBeNull();
  });
});

it('results with the same cells are told together', () => {
  const result = (n: number, at: number, done = true): PlanningResult => ({
    n,
    seed: n,
    balance_wish: 0.5,
    stage: 'done',
    progress: 1,
    done,
    cells: done ? [{ code: 'a', households: 400, geometry: square(at) }] : null,
  });
  const numbers = (results: PlanningResult[]) => alike(results).map((kind) => kind.map(({ n }) => n));
  expect(numbers([result(0, 1), result(1, 2), result(2, 1)])).toEqual([[0, 2], [1]]);
  expect(numbers([result(0, 1, false), result(1, 1, false)])).toEqual([[0], [1]]);
});

describe('following a planning', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const state = (of: Planning['state']): Planning => ({ id: 'p', state: of, results: [] });

  it('asks until it is over', async () => {
    const states = [state('running'), state('running'), state('done')];
    const log = fakeServer({ 'GET plannings/p': () => ({ body: states.shift() }) });
    const seen: string[] = [];
    const over = followPlanning(STREET, 'p', ({ state: now }) => seen.push(now), new AbortController().signal);
    await vi.advanceTimersByTimeAsync(2_000);
    await over;
    expect(seen).toEqual(['running', 'running', 'done']);
    expect(log).toHaveLength(3);
  });

  it('bears a server that is away for a moment, and gives up on one that stays away', async () => {
    let failing = 4;
    const log = fakeServer({
      'GET plannings/p': () => (failing-- > 0 ? { status: 502 } : { body: state('done') }),
    });
    const over = followPlanning(STREET, 'p', () => {}, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(5_000);
    await over;
    expect(log).toHaveLength(5);
    failing = 99;
    const lost = expect(followPlanning(STREET, 'p', () => {}, new AbortController().signal)).rejects.toMatchObject({
      code: 'unreachable',
    });
    await vi.advanceTimersByTimeAsync(5_000);
    await lost;
  });

  it('ends when nobody listens any more', async () => {
    const log = fakeServer({ 'GET plannings/p': () => ({ body: state('running') }) });
    const abort = new AbortController();
    const over = followPlanning(STREET, 'p', () => {}, abort.signal);
    await vi.advanceTimersByTimeAsync(400);
    abort.abort();
    await over;
    const asked = log.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(log).toHaveLength(asked);
  });
});
