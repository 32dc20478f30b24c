import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_LAYERS } from '../state/view';
import { buildStyle, type StyleState } from './style';
import { light } from './themes/light';

vi.mock('@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff2?url', () => ({
  default: '/font.woff2',
}));

const STATE: StyleState = {
  theme: light,
  layers: DEFAULT_LAYERS,
  overlay: null,
  shading: null,
  issueTotal: 0,
  selected: null,
  householdText: { unit: '', estimatedStreets: [] },
  day: null,
  issueParams: {},
  households: false,
  bounds: [104.8, 26.5, 104.9, 26.6],
  attribution: '',
};
const drawn = (state: StyleState) => buildStyle(state).layers.filter(({ layout }) => layout?.visibility !== 'none');

describe('the picture behind the map', () => {
  it('is not there unless the server offers it', () => {
    const style = buildStyle(STATE);
    expect(Object.values(style.sources).map(({ type }) => type)).not.toContain('raster');
    expect(drawn(STATE).map(({ id }) => id)).toContain('buildings');
  });

  it('comes from the server itself, lies below everything and takes the drawn ground’s place', () => {
    const state = { ...STATE, backdrop: { attribution: '', max_zoom: 17 } };
    expect(buildStyle(state).sources.backdrop).toMatchObject({
      type: 'raster',
      tiles: [`${location.origin}/backdrop/{z}/{x}/{y}`],
      maxzoom: 17,
    });
    const ids = drawn(state).map(({ id }) => id);
    expect(ids.slice(0, 2)).toEqual(['background', 'backdrop']);
    expect(ids.filter((id) => /^(water|river|road|rail|building)/.test(id))).toEqual([]);
    expect(ids).toEqual(expect.arrayContaining(['cell-fill']));
  });
});
