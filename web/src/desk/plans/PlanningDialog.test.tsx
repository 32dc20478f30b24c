import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Planning, PlanningScore } from './api';
import {
  type Asked,
  button,
  cellCode,
  click,
  DRAFT,
  fakeServer,
  leave,
  PUBLISHED,
  plan,
  press,
  type Reply,
  STREET,
  settle,
  show,
  square,
  text,
  type,
} from './fakeStreet';
import { PlanningDialog } from './PlanningDialog';
import { bestOf } from './PlanningResults';
import { FIRST_VARIANTS } from './planningRun';

const score = (part: Partial<PlanningScore> = {}): PlanningScore => ({
  largest: 0.2,
  average: 0.05,
  compactness_mean: 0.5,
  compactness_min: 0.2,
  along_share: 0.8,
  cells: 2,
  groups: 80,
  ...part,
});

const planning = (state: Planning['state'], done: number): Planning => ({
  id: 'p',
  state,
  results: [0, 1, 2].map((n) => ({
    n,
    seed: 1,
    balance_wish: 0.5,
    stage: 'cells',
    progress: n < done ? 1 : 0.4,
    done: n < done,
    score: n < done ? score({ largest: 0.2 - n / 100 }) : null,
    cells:
      n < done
        ? [1, 2].map((c) => ({ code: cellCode(c), households: 300 + 100 * c, geometry: square(c, 1 + n / 10) }))
        : null,
  })),
});

let log: Asked[] = [];
let state: Planning = planning('running', 0);
const closed = vi.fn();
const opened = vi.fn();
const asked = (method: string, path: string) => log.filter((each) => each.method === method && each.path === path);
const ok = (name: string) => button(name, document.querySelector('.dialog-actions') as HTMLElement);
const radio = (name: string) => document.querySelectorAll<HTMLInputElement>(`input[name=${name}]`);
const pass = () => settle(700);

async function open(planId: number | null, cells: string[] = [], around: string[] = []) {
  await show(<PlanningDialog street={STREET} {...{ planId, cells, around }} onClose={closed} onOpen={opened} />);
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  closed.mockReset();
  opened.mockReset();
  state = planning('running', 0);
  log = fakeServer({
    'GET plans': () => ({ body: { street: STREET, plans: [PUBLISHED, DRAFT] } }),
    'POST plannings': () => ({ status: 202, body: { id: 'p' } }),
    'GET plannings/p': (): Reply => ({ body: state }),
    'DELETE plannings/p': () => {
      state = { ...state, state: 'cancelled' };
      return { status: 204 };
    },
    'POST plannings/p/adopt': ({ body }) => ({ body: (body as { name?: string }).name ? plan(9) : { revision: 31 } }),
  });
});

afterEach(async () => {
  await leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a first plan', () => {
  it('is wished for, followed, chosen and adopted as a draft', async () => {
    await open(null);
    await type('dialog .field-row input', '90');
    await click(ok('开始编制'));
    expect(asked('POST', 'plannings')[0]?.body).toMatchObject({ cells: 90, variants: FIRST_VARIANTS });
    await pass();
    expect(document.querySelectorAll('progress')).toHaveLength(3);
    expect(document.querySelector('progress')?.value).toBe(0.4);
    state = planning('running', 1);
    await pass();
    expect(document.querySelectorAll('.result-map')).toHaveLength(1);
    expect([...radio('result')].map(({ disabled }) => disabled)).toEqual([false, true, true]);
    state = planning('done', 3);
    await pass();
    expect(document.querySelectorAll('.result-map path')).toHaveLength(6);
    expect(text('[data-result="1"]')).toContain('20%');
    expect(ok('采用为新草案').disabled).toBe(true);
    await click(radio('result')[1] as HTMLElement);
    await type('dialog .dialog-form input', 'First');
    await click(ok('采用为新草案'));
    expect(asked('POST', 'plannings/p/adopt')[0]?.body).toEqual({ n: 1, name: 'First' });
    expect(opened).toHaveBeenCalledWith(9);
    expect(closed).toHaveBeenCalled();
  });

  it('is not asked for with numbers that are none', async () => {
    await open(null);
    await type('dialog .field-row input', '0');
    expect(ok('开始编制').disabled).toBe(true);
    expect(text('dialog [role=alert]')).toBe('网格数应为正整数');
  });
});

describe('planning anew', () => {
  it('takes the cells chosen, into the open draft', async () => {
    await open(2, [cellCode(1), cellCode(2)]);
    expect([...radio('scope')].map(({ checked }) => checked)).toEqual([true, false, false]);
    await click(button('当前草案（可撤销）'));
    await click(ok('开始编制'));
    expect(asked('POST', 'plannings')[0]?.body).toMatchObject({ into: 2, codes: [cellCode(1), cellCode(2)] });
    state = planning('done', 3);
    await pass();
    await click(radio('result')[0] as HTMLElement);
    await click(ok('用于当前草案'));
    expect(asked('POST', 'plannings/p/adopt')[0]).toMatchObject({ body: { n: 0 } });
    expect(opened).toHaveBeenCalledWith(2);
  });

  it('takes one cell chosen for no wish to plan it alone', async () => {
    const around = [cellCode(1), cellCode(2)];
    await open(2, [cellCode(1)], around);
    expect(document.querySelector('input[name=scope]:checked')?.parentElement?.textContent).toContain('未锁定');
    await click(radio('scope')[2] as HTMLElement);
    expect(ok('开始编制').disabled).toBe(true);
    await click(radio('scope')[1] as HTMLElement);
    await click(ok('开始编制'));
    expect(asked('POST', 'plannings')[0]?.body).toMatchObject({ base: 2, codes: around });
  });

  it('cannot go into a published plan', async () => {
    await open(1);
    expect(() => button('当前草案（可撤销）')).toThrow();
    await click(ok('开始编制'));
    expect(asked('POST', 'plannings')[0]?.body).toMatchObject({ base: 1, codes: [] });
  });
});

describe('stopping', () => {
  it('keeps what is done', async () => {
    await open(null);
    await click(ok('开始编制'));
    state = planning('running', 1);
    await pass();
    await click(ok('停止'));
    await pass();
    expect(asked('DELETE', 'plannings/p')).toHaveLength(1);
    expect(text('.result-list')).toContain('没有结果');
    expect(radio('result')[0]?.disabled).toBe(false);
  });

  it('is what closing does', async () => {
    await open(null);
    await click(ok('开始编制'));
    await pass();
    press('Escape');
    expect(closed).toHaveBeenCalled();
    await leave();
    await settle();
    expect(asked('DELETE', 'plannings/p')).toHaveLength(1);
    const before = log.length;
    await settle(3_000);
    expect(log).toHaveLength(before);
  });

  it('is not done to what is over', async () => {
    await open(null);
    await click(ok('开始编制'));
    state = planning('done', 3);
    await pass();
    await leave();
    await settle();
    expect(asked('DELETE', 'plannings/p')).toHaveLength(0);
  });
});

it('a failure is told, and the wish can be changed', async () => {
  await open(null);
  await click(ok('开始编制'));
  state = { ...planning('failed', 0), error: 'no households' };
  await pass();
  expect(text('dialog [role=alert]')).toBe('编制失败：no households');
  await click(ok('修改条件'));
  expect(ok('开始编制').disabled).toBe(false);
});

it('results that are all alike are shown once, and said to be so', async () => {
  await open(null);
  await click(ok('开始编制'));
  const done = planning('done', 3);
  state = { ...done, results: done.results.map((result) => ({ ...result, cells: done.results[0]?.cells ?? null })) };
  await pass();
  expect(document.querySelectorAll('.result')).toHaveLength(1);
  expect(text('.result strong')).toBe('方案 1、2、3');
  expect(text('.results .notice')).toContain('完全相同');
  await click(radio('result')[0] as HTMLElement);
  expect(ok('采用为新草案').disabled).toBe(false);
});

it('the best of each figure is marked where they differ', () => {
  expect(bestOf([score(), score({ largest: 0.1, along_share: 0.9 })])).toEqual({ largest: 0.1, along_share: 0.9 });
  expect(bestOf([])).toEqual({});
});
