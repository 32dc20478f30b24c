import { describe, expect, it } from 'vitest';
import { formatView, parseView } from './url';
import { DEFAULT_VIEW, type View } from './view';

const FULL: View = {
  camera: { zoom: 14.25, lat: 26.592341, lon: 104.840012 },
  layers: ['water', 'streets', 'choropleth'],
  shading: 'hotspots',
  measure: 'rate',
  level: 'community',
  filter: {
    categories: ['noise', '占道,经营&摊贩'],
    statuses: ['open', 'in_progress'],
    range: { kind: 'between', from: '2026-01-01', to: null },
  },
  comparison: 'year',
  asOf: '2026-06-30',
  lang: 'en',
  theme: 'dark',
  selection: { kind: 'point', lon: 104.8405, lat: 26.5935, code: '520201011005006' },
  desk: { street: '520201011', plan: 12 },
};

describe('the view in a link', () => {
  it('comes back as it went', () => {
    expect(parseView(formatView(FULL))).toEqual(FULL);
  });

  it.each<[string, Partial<View>]>([
    ['an area', { selection: { kind: 'area', code: '520201011' } }],
    ['an issue with an odd id', { selection: { kind: 'issue', id: 'A/1 2:3&4=五' } }],
    ['a point outside every area', { selection: { kind: 'point', lon: -7.5, lat: -33.25, code: null } }],
    ['a preset', { filter: { categories: [], statuses: [], range: { kind: 'days', days: 30 } } }],
    ['no layer at all', { layers: [] }],
    ['the areas’ change', { level: 'street', comparison: 'previous' }],
    ['the desk before a plan is chosen', { desk: { street: '520201011', plan: null } }],
    ['zoom 0', { camera: { zoom: 0, lat: 0, lon: 0 } }],
  ])('keeps %s', (_, part) => {
    const view = { ...DEFAULT_VIEW, ...part };
    expect(parseView(formatView(view))).toEqual(view);
  });

  it('says nothing but the language by default', () => {
    expect(formatView(DEFAULT_VIEW)).toBe('#lang=zh');
  });

  it.each([
    '#map=99/0/0&time=12d&as-of=tomorrow&sel=area:abc&theme=pink&lang=fr&level=galaxy&shading=rainbow&compare=2001',
    '#map=12/95/104&sel=point:200,1&measure=&status=done',
    '#map=//&sel=&&=&%E0%A4%A=1&time=..x..',
    '',
  ])('opens a mistyped link %s with defaults', (hash) => {
    expect(parseView(hash)).toEqual({ ...DEFAULT_VIEW, filter: { ...DEFAULT_VIEW.filter, statuses: [] } });
  });

  it('has no hot spots of streets', () => {
    expect(parseView('#shading=hotspots&level=street')).toMatchObject({ shading: 'hotspots', level: 'cell' });
  });

  it('tells neighbouring pixels apart at the deepest zoom', () => {
    const pixel = 360 / (512 * 2 ** 20);
    const at = (lon: number) => formatView({ ...DEFAULT_VIEW, camera: { zoom: 20, lat: 0, lon } });
    expect(at(104.84)).not.toBe(at(104.84 + pixel));
  });
});
