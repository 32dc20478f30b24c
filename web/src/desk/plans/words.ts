/** Plans in words. */
import { ApiError } from '../../api/client';
import { type Key, locale, t, tWord } from '../../i18n';
import type { PlanSummary, Warning } from './api';

/** How a plan stands today: a published one may not be in force yet. */
export type Standing = 'current' | 'future' | 'draft' | 'superseded';
export const STANDINGS: readonly Standing[] = ['current', 'future', 'draft', 'superseded'];

export function standingOf(plan: Pick<PlanSummary, 'state' | 'valid_from' | 'valid_to'>, today: string): Standing {
  if (plan.state === 'draft') return 'draft';
  if (plan.valid_from && plan.valid_from > today) return 'future';
  return plan.state === 'superseded' || (plan.valid_to && plan.valid_to <= today) ? 'superseded' : 'current';
}

/** Plans by standing: drafts newest first, the others latest in force first. */
export function groupPlans(plans: readonly PlanSummary[], today: string): [Standing, PlanSummary[]][] {
  return STANDINGS.flatMap((standing): [Standing, PlanSummary[]][] => {
    const those = plans.filter((plan) => standingOf(plan, today) === standing);
    const when = (plan: PlanSummary) => (standing === 'draft' ? plan.created_at : (plan.valid_from ?? ''));
    those.sort((a, b) => when(b).localeCompare(when(a)) || b.id - a.id);
    return those.length ? [[standing, those]] : [];
  });
}

/** A name that no plan has yet: `base`, `base 2`, `base 3`. */
export function freeName(base: string, plans: readonly Pick<PlanSummary, 'name'>[]): string {
  const taken = new Set(plans.map(({ name }) => name));
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base} ${n}`;
    if (!taken.has(name)) return name;
  }
}

/** The day of a moment as the district's calendars show it. */
const dayOf = (timestamp: string) =>
  new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: 'Asia/Shanghai' }).format(new Date(timestamp));

export function datesText(plan: PlanSummary): string {
  if (plan.state === 'draft' || !plan.valid_from) return t('plans.created', { day: dayOf(plan.created_at) });
  return plan.valid_to
    ? t('plans.valid.between', { from: plan.valid_from, to: plan.valid_to })
    : t('plans.valid.from', { from: plan.valid_from });
}

export function formatPercent(share: number, maximumFractionDigits = 1): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits }).format(share);
}

export function formatDeviation(share: number): string {
  return new Intl.NumberFormat(locale(), {
    style: 'percent',
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  }).format(share);
}

/** The last digits tell a street's cells apart; the whole code is the title. */
export const shortCode = (code: string, street: string) => (code.startsWith(street) ? code.slice(street.length) : code);

/** A cell by its name, by the end of its code where it has none. */
export function cellText(code: string, street: string, names: ReadonlyMap<string, string>): string {
  return names.get(code) || shortCode(code, street);
}

/** What went wrong, in the reader's language where its code is known. */
export function failureText(cause: unknown): string {
  if (!(cause instanceof ApiError)) return t('plans.failure.unexpected', { detail: String(cause) });
  // A command that was refused says why in a word of its own.
  const { reason } = cause.members;
  const [prefix, word] =
    cause.code === 'refused' && typeof reason === 'string' ? ['desk.reason', reason] : ['plans.failure', cause.code];
  const text = tWord(prefix, word);
  return text === word ? t('plans.failure.unexpected', { detail: cause.message || word }) : text;
}

export const stageText = (stage: string) => tWord('planning.stage', stage);

/** A kind of warning in words, with the cells it is about. */
export interface WarningText {
  code: string;
  text: string;
}

const ABOUT_CELL = /^(\d{12,18}) (-?\d+(?:\.\d+)?)$/;

/** Warnings of one kind together; a message that is a cell and its figure becomes the cell's name. */
export function warningTexts(
  warnings: readonly Warning[],
  street: string,
  names: ReadonlyMap<string, string>,
): WarningText[] {
  const kinds = [...new Set(warnings.map(({ code }) => code))];
  return kinds.map((code) => {
    const those = warnings.filter((warning) => warning.code === code);
    const known = tWord('publish.warning', code);
    const cells = those.flatMap(({ message }) => {
      const [, cell, figure] = ABOUT_CELL.exec(message) ?? [];
      if (!cell) return [];
      const name = cellText(cell, street, names);
      const of = { cell: name, figure: formatDeviation(Number(figure)) };
      return [code === 'unbalanced' ? t('publish.warned', of) : name];
    });
    if (known === code) return { code, text: those.map(({ message }) => message).join(t('publish.and')) };
    return {
      code,
      text: cells.length ? t('publish.about', { what: known, cells: cells.join(t('publish.and')) }) : known,
    };
  });
}

export const standingKey = (standing: Standing): Key => `plans.standing.${standing}`;
