import { afterEach, describe, expect, it } from 'vitest';
import type { HotspotArea, Hotspots } from '../api/types';
import { lang } from '../i18n';
import { dark } from '../map/themes/dark';
import { light } from '../map/themes/light';
import { findingText } from '../panels/Legend';
import { BINS, binColour, confidenceOf, hotspotClass, isMute, shadeHotspots } from './hotspots';

const area = (code: string, z: number | null, bin: number): HotspotArea => ({ code, z, bin, total: 1, households: 1 });
const answer = (...areas: HotspotArea[]): Hotspots => ({ level: 'cell', measure: 'rate', areas });

afterEach(() => {
  lang.value = 'zh';
});

describe('hot spots', () => {
  it('colour areas by bin, cold to hot, and leave clear what cannot be judged', () => {
    const { level, scale, classes } = shadeHotspots(
      answer(area('hot', 3.1, 3), area('cold', -2, -2), area('calm', 0.2, 0), area('empty', null, 0)),
    );
    expect([level, scale]).toEqual(['cell', 'diverging']);
    expect(classes.map(({ colour }) => colour)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(classes.map(({ codes }) => codes)).toEqual([[], ['cold'], [], ['calm'], [], [], ['hot']]);
  });

  it('are sure by the size of the bin', () => {
    expect(BINS.map(confidenceOf)).toEqual([99, 95, 90, 0, 90, 95, 99]);
  });

  it('are said in words', () => {
    expect([hotspotClass(2, 2), hotspotClass(-2, -2), hotspotClass(0, 0), hotspotClass(null, 0)]).toEqual([
      'hot',
      'cold',
      'none',
      'unknown',
    ]);
    expect(findingText(2, 2)).toContain('95%');
    lang.value = 'en';
    expect(findingText(-3, -3)).toBe('Cold · significantly fewer (99% confidence)');
    expect(findingText(0.1, 0)).toBe('Not significant');
  });

  it('are none where nothing can be judged anywhere', () => {
    expect(isMute(answer())).toBe(true);
    expect(isMute(answer(area('a', null, 0)))).toBe(true);
    expect(isMute(answer(area('a', null, 0), area('b', 0, 0)))).toBe(false);
  });
});

/** Relative luminance of `#rrggbb` (WCAG 2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe.each([
  ['light', light, -1],
  ['dark', dark, 1],
] as const)('the diverging scale, %s', (_, theme, direction) => {
  it('is told by lightness too, from the middle outwards', () => {
    for (const side of [-1, 1]) {
      const steps = [1, 2, 3].map((size) => luminance(theme.diverging[binColour(side * size)] ?? ''));
      const inOrder = [...steps].sort((a, b) => direction * (a - b));
      expect(steps).toEqual(inOrder);
      expect(new Set(steps).size).toBe(3);
    }
  });

  it('tells its sides apart by blue against red, whichever cones are missing', () => {
    for (const size of [1, 2, 3]) {
      const [cold = '', hot = ''] = [theme.diverging[binColour(-size)], theme.diverging[binColour(size)]];
      const blueness = (colour: string) =>
        Number.parseInt(colour.slice(5, 7), 16) - Number.parseInt(colour.slice(1, 3), 16);
      expect(blueness(cold)).toBeGreaterThan(40);
      expect(blueness(hot)).toBeLessThan(-40);
    }
  });
});
