import { describe, expect, it } from 'vitest';
import { queryText } from '../api/client';
import {
  addDays,
  comparisonParams,
  filterParams,
  type IssueFilter,
  isFiltered,
  NO_FILTER,
  periodBefore,
  periodOf,
  type TimeRange,
  toggled,
} from './filter';

const query = (filter: Partial<IssueFilter>) => queryText(filterParams({ ...NO_FILTER, ...filter }, '2026-03-01'));

describe('the filter as a query', () => {
  it.each<[string, Partial<IssueFilter>, string]>([
    ['nothing', {}, ''],
    ['seven days, today the last', { range: { kind: 'days', days: 7 } }, 'from=2026-02-23&to=2026-03-02'],
    ['ninety days over a new year', { range: { kind: 'days', days: 90 } }, 'from=2025-12-02&to=2026-03-02'],
    [
      'both days included',
      { range: { kind: 'between', from: '2026-02-01', to: '2026-02-28' } },
      'from=2026-02-01&to=2026-03-01',
    ],
    ['an open end', { range: { kind: 'between', from: '2026-02-01', to: null } }, 'from=2026-02-01'],
    ['an open start', { range: { kind: 'between', from: null, to: '2024-02-28' } }, 'to=2024-02-29'],
  ])('%s', (_, filter, expected) => {
    expect(query(filter)).toBe(expected);
  });

  it('is the same text in whatever order things were picked', () => {
    const one = query({ categories: ['noise', 'waste'], statuses: ['open', 'closed'] });
    const other = query({ categories: ['waste', 'noise'], statuses: ['closed', 'open'] });
    expect(one).toBe(other);
    expect(one).toBe('category=noise%2Cwaste&status=open%2Cclosed');
  });

  it('knows when it does nothing', () => {
    expect(isFiltered(NO_FILTER)).toBe(false);
    expect(isFiltered({ ...NO_FILTER, statuses: ['open'] })).toBe(true);
    expect(isFiltered({ ...NO_FILTER, range: { kind: 'days', days: 7 } })).toBe(true);
  });
});

it('adds days over months and leap years', () => {
  expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
});

it('toggles', () => {
  expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});

describe('the period compared with', () => {
  const between = (from: string | null, to: string | null): TimeRange => ({ kind: 'between', from, to });

  it.each<[string, TimeRange, string, string]>([
    ['seven days', { kind: 'days', days: 7 }, '2026-02-16', '2026-02-22'],
    ['a single day', between('2026-03-01', '2026-03-01'), '2026-02-28', '2026-02-28'],
    ['a month after a shorter one', between('2026-03-01', '2026-03-31'), '2026-01-29', '2026-02-28'],
    ['days over a leap day', between('2024-03-01', '2024-03-02'), '2024-02-28', '2024-02-29'],
  ])('just before %s is as long and ends the day before', (_, range, first, last) => {
    const period = periodOf(range, '2026-03-01');
    expect(period && periodBefore(period, 'previous')).toEqual({ first, last });
  });

  it.each([
    ['2026-02-01', '2026-02-28', '2025-02-01', '2025-02-28'],
    ['2024-02-29', '2024-02-29', '2023-02-28', '2023-02-28'],
    ['2025-12-30', '2026-01-02', '2024-12-30', '2025-01-02'],
  ])('a year before %s to %s are the same days', (first, last, firstBefore, lastBefore) => {
    expect(periodBefore({ first, last }, 'year')).toEqual({ first: firstBefore, last: lastBefore });
  });

  it('meets the filter’s own period without a gap or an overlap', () => {
    for (const days of [7, 30, 90] as const) {
      const range: TimeRange = { kind: 'days', days };
      const period = periodOf(range, '2026-03-01');
      const before = period && periodBefore(period, 'previous');
      expect(comparisonParams(before)['compare-to']).toBe(filterParams({ ...NO_FILTER, range }, '2026-03-01').from);
    }
  });

  it('needs a beginning and an end', () => {
    for (const range of [
      { kind: 'all' } as const,
      between('2026-02-01', null),
      between(null, '2026-02-01'),
      between('2026-02-02', '2026-02-01'),
    ])
      expect(periodOf(range, '2026-03-01')).toBeNull();
    expect(comparisonParams(null)).toEqual({});
  });
});
