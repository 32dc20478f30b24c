import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { DRAFT, PUBLISHED, plan } from './fakeStreet';
import { cellText, datesText, failureText, freeName, groupPlans, standingOf, warningTexts } from './words';

const TODAY = '2026-11-24';

describe('how a plan stands', () => {
  it.each([
    [plan(1, { state: 'published', valid_from: TODAY }), 'current'],
    [plan(1, { state: 'published', valid_from: '2026-11-25' }), 'future'],
    [plan(1, { state: 'published', valid_from: '2025-01-01', valid_to: '2026-12-01' }), 'current'],
    [plan(1, { state: 'published', valid_from: '2025-01-01', valid_to: TODAY }), 'superseded'],
    [plan(1, { state: 'superseded', valid_from: '2024-01-01', valid_to: '2025-01-01' }), 'superseded'],
    [DRAFT, 'draft'],
  ])('%#', (of, expected) => {
    expect(standingOf(of, TODAY)).toBe(expected);
  });
});

it('plans are listed by standing, the latest first', () => {
  const plans = [
    plan(3, { state: 'superseded', valid_from: '2023-01-01', valid_to: '2024-01-01' }),
    plan(4, { state: 'superseded', valid_from: '2024-01-01', valid_to: '2025-01-01' }),
    plan(5),
    plan(6),
    PUBLISHED,
  ];
  expect(groupPlans(plans, TODAY).map(([standing, those]) => [standing, those.map(({ id }) => id)])).toEqual([
    ['current', [1]],
    ['draft', [6, 5]],
    ['superseded', [4, 3]],
  ]);
});

it('a free name is not taken', () => {
  expect(freeName('A', [])).toBe('A');
  expect(freeName('A', [{ name: 'A' }, { name: 'A 2' }, { name: 'A 4' }])).toBe('A 3');
});

it('dates say from when, or since when a draft is there', () => {
  expect(datesText(PUBLISHED)).toBe('2025-01-01 起');
  expect(datesText(DRAFT)).toBe('2026-11-02 创建');
  expect(datesText(plan(3, { created_at: '2026-11-24T16:48:21.660949245Z' }))).toBe('2026-11-25 创建');
});

it('a cell is called by its name, else by the end of its code', () => {
  const names = new Map([['520201014001001', '双水第1网格']]);
  expect(cellText('520201014001001', '520201014', names)).toBe('双水第1网格');
  expect(cellText('520201014001002', '520201014', names)).toBe('001002');
});

it('failures are told in the reader’s language where they are known', () => {
  expect(failureText(new ApiError('name_taken', 409, 'taken'))).toBe('已有同名方案，请换一个名称');
  expect(failureText(new ApiError('odd', 500, 'broken'))).toBe('没有成功：broken');
  expect(failureText(new ApiError('refused', 422, 'published', { reason: 'not_a_draft' }))).toBe('只有草案可以修改');
  expect(failureText(new ApiError('refused', 422, 'why', { reason: 'odd' }))).toBe('没有成功：why');
  expect(failureText(new Error('x'))).toContain('x');
});

it('warnings of a kind are told together, with the names of their cells', () => {
  const warnings = [
    { code: 'unbalanced', message: '520201014001001 0.985' },
    { code: 'thin', message: '520201014001002 0.184' },
    { code: 'unbalanced', message: '520201014001003 -0.109' },
    { code: 'odd', message: 'English' },
    { code: 'in_the_past', message: 'answers will change' },
  ];
  const texts = warningTexts(warnings, '520201014', new Map([['520201014001001', '双水第1网格']]));
  expect(texts.map(({ text }) => text)).toEqual([
    '部分网格户数超出允许偏差：双水第1网格 +98.5%、001003 -10.9%',
    '部分网格过于狭长：001002',
    'English',
    '生效日期早于今天，之前日期的查询结果将随之改变',
  ]);
});
