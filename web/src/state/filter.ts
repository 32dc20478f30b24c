/** Which issues are shown, and how that is asked of the API. */
import type { Params } from '../api/client';
import type { IssueStatus } from '../api/types';

export const STATUSES: readonly IssueStatus[] = ['open', 'in_progress', 'closed'];
export const PRESET_DAYS = [7, 30, 90] as const;
export type PresetDays = (typeof PRESET_DAYS)[number];

/** Days are civil days in Asia/Shanghai, `YYYY-MM-DD`; `to` is the last day shown. */
export type TimeRange =
  | { kind: 'all' }
  | { kind: 'days'; days: PresetDays }
  | { kind: 'between'; from: string | null; to: string | null };

export interface IssueFilter {
  /** Empty lets every category through. */
  categories: readonly string[];
  /** Empty lets every status through. */
  statuses: readonly IssueStatus[];
  range: TimeRange;
}

const DAY_MS = 86_400_000;

export const NO_FILTER: IssueFilter = { categories: [], statuses: [], range: { kind: 'all' } };

/** The civil day `days` after `day`. */
export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** What a period is compared with: the one of the same length just before it, or the same days a year before. */
export const COMPARISONS = ['previous', 'year'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** Civil days, both included. */
export interface Period {
  first: string;
  last: string;
}

/** The period a range stands for on the day looked at; `null` where it has no beginning or no end. */
export function periodOf(range: TimeRange, day: string): Period | null {
  if (range.kind === 'days') return { first: addDays(day, 1 - range.days), last: day };
  if (range.kind === 'all' || !range.from || !range.to || range.from > range.to) return null;
  return { first: range.from, last: range.to };
}

export function periodBefore({ first, last }: Period, comparison: Comparison): Period {
  if (comparison === 'year') return { first: yearBefore(first), last: yearBefore(last) };
  const days = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
  return { first: addDays(first, -days), last: addDays(first, -1) };
}

/** A leap day has the day before it a year ago. */
function yearBefore(day: string): string {
  const [year, ...rest] = day.split('-');
  const monthDay = rest.join('-');
  return `${String(Number(year) - 1).padStart(4, '0')}-${monthDay === '02-29' ? '02-28' : monthDay}`;
}

/** The API's parameters for a period compared with; its `compare-to` is exclusive. */
export function comparisonParams(period: Period | null): Params {
  return period ? { 'compare-from': period.first, 'compare-to': addDays(period.last, 1) } : {};
}

/** The API's filter parameters. A preset of n days ends with the day looked at, so "7 days" holds seven days. */
export function filterParams(filter: IssueFilter, day: string): Params {
  const params: Params = {
    category: [...filter.categories].sort(),
    status: STATUSES.filter((status) => filter.statuses.includes(status)),
  };
  const { range } = filter;
  if (range.kind === 'days') {
    params.from = addDays(day, 1 - range.days);
    params.to = addDays(day, 1);
  } else if (range.kind === 'between') {
    params.from = range.from;
    // The API's `to` is exclusive; people mean the day they picked to be included.
    params.to = range.to && addDays(range.to, 1);
  }
  return params;
}

export function toggled<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

export function isFiltered(filter: IssueFilter): boolean {
  return filter.categories.length > 0 || filter.statuses.length > 0 || filter.range.kind !== 'all';
}
