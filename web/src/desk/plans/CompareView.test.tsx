import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { light } from '../../map/themes/light';
import type { PlanDifference } from './api';
import { CompareView } from './CompareView';
import { buildComparedStyle, type ComparedStyle } from './compareStyle';
import {
  type Asked,
  balance,
  button,
  cellCode,
  click,
  DRAFT,
  fakeServer,
  leave,
  PUBLISHED,
  picture,
  plan,
  press,
  type Reply,
  STREET,
  show,
  text,
} from './fakeStreet';

const pair = vi.hoisted(() => ({ shown: [] as unknown[][], fitted: [] as unknown[], labels: [] as unknown[] }));
vi.mock('./comparePair', () => ({
  ComparePair: class {
    show = (styles: unknown[]) => pair.shown.push(styles);
    fit = (box: unknown) => pair.fitted.push(box);
    label = (texts: unknown) => pair.labels.push(texts);
    zoom() {}
    remove() {}
  },
}));

const DIFFERENCE: PlanDifference = {
  only_a: [
    [
      [104.01, 26],
      [104.01, 26.01],
    ],
  ],
  only_b: [],
  moves: [{ from: cellCode(1), to: cellCode(2), households: 30, issues_open: 2 }],
  moved: [{ at: [104.015, 26.005], from: cellCode(1), to: cellCode(2), households: 30 }],
  balance: { a: balance(), b: balance({ largest: 0.05, beyond: 0 }) },
};

let log: Asked[] = [];
let answers: Record<string, (asked: Asked) => Reply> = {};
const closed = vi.fn();
const slider = () => document.querySelector('[role=slider]') as HTMLElement;
const top = () => document.querySelectorAll<HTMLElement>('.compare-map')[1] as HTMLElement;

beforeEach(async () => {
  vi.useFakeTimers();
  pair.shown.length = 0;
  pair.fitted.length = 0;
  answers = {
    'GET plans': () => ({ body: { street: STREET, plans: [PUBLISHED, DRAFT, plan(3)] } }),
    'GET plans/1/desk': () => ({ body: picture(PUBLISHED) }),
    'GET plans/2/desk': () => ({ body: picture(DRAFT) }),
    'GET plans/3/desk': () => ({ body: picture(plan(3)) }),
    'GET plans/1/compare/2': () => ({ body: DIFFERENCE }),
    'GET plans/3/compare/2': () => ({ body: { ...DIFFERENCE, moves: [] } }),
  };
  log = fakeServer(answers);
  await show(<CompareView street={STREET} a={1} b={2} onClose={closed} />);
});

afterEach(async () => {
  await leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the divider', () => {
  it('is a slider that says what lies on which side', () => {
    expect(slider().getAttribute('aria-valuenow')).toBe('50');
    expect(slider().getAttribute('aria-valuetext')).toContain('Plan 1');
    expect(slider().getAttribute('aria-label')).toBe('前后分界线');
  });

  it('is moved by keys, and cuts the map after', async () => {
    press('ArrowRight', slider());
    press('PageUp', slider());
    await act(async () => {});
    expect(slider().getAttribute('aria-valuenow')).toBe('62');
    expect(top().style.clipPath).toBe('inset(0 0 0 62%)');
    press('Home', slider());
    await act(async () => {});
    expect(slider().style.left).toBe('0%');
  });
});

describe('the figures', () => {
  it('tell the balance of both', () => {
    expect(text('[data-testid=compare-balance]')).toContain('最大偏差12%5%');
  });

  it('choose a move, which the maps show', async () => {
    await click(button('Cell 1'));
    expect(pair.fitted).toEqual([[104.01, 26, 104.03, 26.01]]);
    expect(button('Cell 1').getAttribute('aria-pressed')).toBe('true');
    await click(button('Cell 1'));
    expect(pair.fitted).toHaveLength(1);
  });
});

it('shows the differences on one map', async () => {
  await click(button('差异'));
  expect(slider()).toBeNull();
  expect(top().hidden).toBe(true);
  expect(text('.difference-legend')).toContain('只在之前的边界');
  const [style] = pair.shown.at(-1) as StyleSpecification[];
  expect(style?.layers.map(({ id }) => id)).toContain('compare-only-a');
});

it('compares another pair of plans', async () => {
  const select = document.querySelector<HTMLSelectElement>('.compare-choice select');
  if (!select) throw new Error('no choice');
  await act(async () => {
    select.value = '3';
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await act(async () => void (await vi.advanceTimersByTimeAsync(20)));
  expect(log.some(({ path }) => path === 'plans/3/compare/2')).toBe(true);
  expect(text('.compare-side')).toContain('没有住户更换网格');
});

it('says what failed, and tries again', async () => {
  answers['GET plans/1/compare/2'] = () => ({ status: 404, body: { code: 'no_such_plan', detail: 'gone' } });
  await show(<CompareView street={STREET} a={1} b={2} onClose={closed} />);
  expect(text('dialog [role=alert]')).toBe('方案已不存在');
  answers['GET plans/1/compare/2'] = () => ({ body: DIFFERENCE });
  await click(button('重试'));
  expect(text('[data-testid=moves]')).toContain('30');
});

describe('the style', () => {
  const state: ComparedStyle = {
    theme: light,
    picture: picture(PUBLISHED),
    difference: DIFFERENCE,
    mode: 'swipe',
    chosen: null,
    bounds: [104, 26, 105, 27],
  };
  const ids = (style: StyleSpecification) => style.layers.map(({ id }: LayerSpecification) => id);
  const data = (style: StyleSpecification, source: string) => {
    const found = style.sources[source];
    if (found?.type !== 'geojson' || typeof found.data === 'string') throw new Error(source);
    return (found.data as GeoJSON.FeatureCollection).features;
  };

  it('colours cells by deviation when swiping, and draws lines and moves for the difference', () => {
    expect(ids(buildComparedStyle(state))).toContain('compare-fill');
    expect(ids(buildComparedStyle(state))).not.toContain('compare-moved');
    const difference = ids(buildComparedStyle({ ...state, mode: 'difference' }));
    expect(difference).not.toContain('compare-fill');
    expect(difference.indexOf('compare-tint')).toBeLessThan(difference.indexOf('compare-only-a'));
    expect(difference).toEqual(expect.arrayContaining(['compare-only-a', 'compare-only-b', 'compare-moved']));
    expect(data(buildComparedStyle(state), 'compare-cells')[0]?.properties?.colour).toBe(light.diverging[3]);
  });

  it('has the picture behind the map in place of the drawn ground', () => {
    const style = buildComparedStyle({ ...state, backdrop: { attribution: '', max_zoom: 17 } });
    expect(ids(style).slice(0, 3)).toEqual(['background', 'backdrop', 'compare-fill']);
    expect(style.sources.backdrop).toMatchObject({ type: 'raster', maxzoom: 17 });
    expect(Object.keys(style.sources)).not.toContain('base');
    expect(Object.values(buildComparedStyle(state).sources).map(({ type }) => type)).not.toContain('raster');
  });

  it('marks the move chosen', () => {
    const chosen = { from: cellCode(1), to: cellCode(2) };
    expect(data(buildComparedStyle({ ...state, chosen }), 'compare-moved')[0]?.properties?.chosen).toBe(true);
    expect(data(buildComparedStyle(state), 'compare-moved')[0]?.properties?.chosen).toBe(false);
  });
});
