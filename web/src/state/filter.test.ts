import { describe, expect, it } from 'vitest';
import { queryText } from '../api/client';
import { addDays, filterParams, type IssueFilter, isFiltered, NO_FILTER, toggled } from './filter';

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
