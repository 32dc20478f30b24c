import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Planning } from './api';
import { fakeServer, STREET } from './fakeStreet';
import {
  anotherVariant,
  FIRST_VARIANTS,
  faultOf,
  followPlanning,
  type PlanningForm,
  parseCount,
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
    expect(wishOf(form({ cells: '100', communities: '12' }), open, ['a'])).toEqual({
      cells: 100,
      communities: 12,
      variants: FIRST_VARIANTS,
    });
  });

  it('is what is unlocked in a plan, as a new draft', () => {
    expect(wishOf(form({ scope: 'unlocked', communities: '12' }), open, ['a'])).toEqual({
      base: 3,
      codes: [],
      churn: 2,
      variants: FIRST_VARIANTS,
    });
  });

  it('is some cells, into the draft, their number told as the whole street’s', () => {
    expect(wishOf(form({ scope: 'cells', target: 'into', churn: 'free', cells: '3' }), open, ['a', 'b'])).toEqual({
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
  ])('%# is found fault with', (of, expected) => {
    expect(faultOf(of)).toBe(expected);
  });

  it('gets another variant that is not there yet', () => {
    const variants = [...FIRST_VARIANTS, anotherVariant(FIRST_VARIANTS)];
    expect(variants.at(-1)).toEqual({ balance: 0.8, seed: 2 });
    expect(faultOf(form({ variants }))).toBeNull();
  });
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
