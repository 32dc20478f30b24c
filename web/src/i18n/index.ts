/** Words for people. Chinese is the reference; English has the same keys (the type and a test see to it). */
import { signal } from '@preact/signals';
import { en } from './en';
import { type Key, zh } from './zh';

export type Lang = 'zh' | 'en';
export const LANGS: readonly Lang[] = ['zh', 'en'];
export const isLang = (text: string): text is Lang => text === 'zh' || text === 'en';

const DICTIONARIES: Record<Lang, Record<Key, string>> = { zh, en };
const LOCALES: Record<Lang, string> = { zh: 'zh-CN', en: 'en-GB' };

/** The language shown. */
export const lang = signal<Lang>('zh');

/** The BCP 47 tag of the language shown. */
export const locale = () => LOCALES[lang.value];

/** The text of a key with `{name}` places filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return DICTIONARIES[lang.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of `prefix.word` where the dictionary has it, else the word itself: categories are the source's own words. */
export function tWord(prefix: string, word: string): string {
  const dictionary = DICTIONARIES[lang.value] as Record<string, string>;
  return dictionary[`${prefix}.${word}`] ?? word;
}

export function formatNumber(value: number, maximumFractionDigits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits }).format(value);
}

/** With its sign, also a plus. */
export function formatSigned(value: number, maximumFractionDigits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits, signDisplay: 'exceptZero' }).format(value);
}

/** A change as a share of what was: `+50%`. */
export function formatChange(share: number): string {
  return new Intl.NumberFormat(locale(), {
    style: 'percent',
    maximumFractionDigits: Math.abs(share) < 0.1 ? 1 : 0,
    signDisplay: 'exceptZero',
  }).format(share);
}

export function formatMetres(metres: number): string {
  return metres < 1000 ? `${formatNumber(metres, metres < 10 ? 1 : 0)} m` : `${formatNumber(metres / 1000, 2)} km`;
}

/** Square metres below a hectare, square kilometres from a hundred hectares on. */
export function formatArea(area_m2: number): string {
  if (area_m2 < 10_000) return `${formatNumber(area_m2)} m²`;
  if (area_m2 < 1_000_000) return `${formatNumber(area_m2 / 10_000, 2)} ${t('unit.hectares')}`;
  return `${formatNumber(area_m2 / 1_000_000, 2)} ${t('unit.squarekm')}`;
}

/** A moment as the district's clocks show it. */
export function formatMoment(timestamp: string): string {
  return new Intl.DateTimeFormat(locale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'Asia/Shanghai',
  }).format(new Date(timestamp));
}

export type { Key };
