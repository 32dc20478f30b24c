import { afterEach, describe, expect, it } from 'vitest';
import type { Counts } from '../api/types';
import { lang } from '../i18n';
import { changeText } from '../panels/Legend';
import { classifyChange, compareWithin, divergingIndex, hasBefore, relativeChange, shadeChange } from './change';

const counts = (rows: [code: string, total: number, before: number, households?: number][]): Counts => ({
  level: 'cell',
  breaks: [],
  max_total: 0,
  counts: rows.map(([code, total, before, households = 100]) => ({ code, total, before, open: 0, households })),
});

afterEach(() => {
  lang.value = 'zh';
});

const ROWS = counts([
  ['up-a-lot', 30, 2],
  ['up', 9, 4],
  ['up-a-little', 5, 4],
  ['same', 7, 7],
  ['none', 0, 0],
  ['down-a-little', 4, 5],
  ['down', 0, 6],
  ['down-a-lot', 1, 21],
]);

describe('classes of change', () => {
  it('go from rise to fall, alike on both sides', () => {
    const { classes } = classifyChange(ROWS, 'count');
    expect(classes.map(({ step, codes }) => [step, codes])).toEqual([
      [3, ['up-a-lot']],
      [2, ['up']],
      [1, ['up-a-little']],
      [0, ['same', 'none']],
      [-1, ['down-a-little']],
      [-2, ['down']],
      [-3, ['down-a-lot']],
    ]);
    for (const { step, range } of classes) {
      expect(range).toEqual(classes.find((other) => other.step === -step)?.range);
    }
  });

  it('hold every area once, whatever the numbers', () => {
    for (let seed = 1; seed < 40; seed += 1) {
      const random = (n: number) => (seed * 7919 * (n + 13)) % 23;
      const rows = Array.from({ length: seed }, (_, i): [string, number, number] => [`${i}`, random(i), random(i * 3)]);
      const { classes } = classifyChange(counts(rows), 'count');
      expect(classes.flatMap(({ codes }) => codes).sort()).toEqual(rows.map(([code]) => code).sort());
      for (const { step, range, codes } of classes) {
        for (const code of codes) {
          const [, now = 0, before = 0] = rows.find(([other]) => other === code) ?? [];
          expect(Math.sign(now - before)).toBe(Math.sign(step));
          if (step === 0) continue;
          expect(Math.abs(now - before)).toBeGreaterThanOrEqual(range.from);
          expect(Math.abs(now - before)).toBeLessThan(range.below ?? Infinity);
        }
      }
    }
  });

  it('are one where nothing changed', () => {
    const { classes } = classifyChange(counts([['a', 3, 3]]), 'count');
    expect(classes).toEqual([{ step: 0, range: { from: 0, below: 0 }, codes: ['a'] }]);
  });

  it('of a rate leave out areas where nobody lives', () => {
    const { classes } = classifyChange(
      counts([
        ['a', 3, 1, 50],
        ['b', 3, 1, 0],
      ]),
      'rate',
    );
    expect(classes.flatMap(({ codes }) => codes)).toEqual(['a']);
    expect(classes[0]).toEqual({ step: 1, range: { from: 0, below: null }, codes: ['a'] });
  });

  it('take colours away from the middle: red for more, blue for fewer', () => {
    expect([3, 2, 1, 0, -1, -2, -3].map((step) => divergingIndex(step, 3))).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect([2, 1, 0, -1, -2].map((step) => divergingIndex(step, 2))).toEqual([6, 5, 3, 1, 0]);
    expect([1, 0, -1].map((step) => divergingIndex(step, 1))).toEqual([6, 3, 0]);
    expect(divergingIndex(0, 0)).toBe(3);
    const shading = shadeChange('cell', classifyChange(ROWS, 'count'));
    expect(shading.scale).toBe('diverging');
    expect(shading.classes.find(({ codes }) => codes.includes('up-a-lot'))?.colour).toBe(6);
    expect(shading.classes.find(({ codes }) => codes.includes('down'))?.colour).toBe(1);
  });

  it('are named by how many more or fewer', () => {
    const text = () => classifyChange(ROWS, 'count').classes.map((entry) => changeText(entry, true));
    expect(text()).toEqual([
      '增加 ≥ 20',
      '增加 5 – 19',
      '增加 1 – 4',
      '不变',
      '减少 1 – 4',
      '减少 5 – 19',
      '减少 ≥ 20',
    ]);
    lang.value = 'en';
    expect(text()[0]).toBe('≥ 20 more');
  });
});

describe('an area in two periods', () => {
  const cells = counts([
    ['520201011001001', 6, 4],
    ['520201011001002', 0, 2],
    ['520201011002001', 5, 0],
  ]);

  it('is the sum of its cells', () => {
    expect(compareWithin(cells, '520201011001')).toEqual({ now: 6, before: 6 });
    expect(compareWithin(cells, '520201011002001')).toEqual({ now: 5, before: 0 });
    expect(compareWithin(cells, '')).toEqual({ now: 11, before: 6 });
    expect(compareWithin(cells, '520201011002001001')).toBeNull();
  });

  it('has no share where there was nothing', () => {
    expect(relativeChange({ now: 6, before: 4 })).toBe(0.5);
    expect(relativeChange({ now: 0, before: 4 })).toBe(-1);
    expect(relativeChange({ now: 5, before: 0 })).toBeNull();
  });

  it('is not compared by an answer without the other period', () => {
    const alone: Counts = { ...cells, counts: cells.counts.map(({ before, ...row }) => row) };
    expect(hasBefore(alone)).toBe(false);
    expect(hasBefore(cells)).toBe(true);
    expect(compareWithin(alone, '')).toBeNull();
  });
});
