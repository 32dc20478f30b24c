/**
 * The view as the URL's fragment: `#map=14/26.59/104.83&layers=…`. Only what differs from the default is written, so links stay
 * short; a value that makes no sense is left at its default, so an old or mistyped link still opens. What a person typed into
 * the search box is never written: it may be an address.
 */
import type { IssueStatus } from '../api/types';
import { isLang } from '../i18n';
import { COMPARISONS, type IssueFilter, PRESET_DAYS, STATUSES, type TimeRange } from './filter';
import {
  AREA_LEVELS,
  type Camera,
  DEFAULT_VIEW,
  type DeskPlace,
  HOTSPOT_LEVELS,
  LAYERS,
  type LayerName,
  type Selection,
  SHADINGS,
  type Theme,
  type View,
} from './view';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CODE = /^\d{6,24}$/;

export function formatView(view: View): string {
  const parts: string[] = [];
  const put = (name: string, value: string) => parts.push(`${name}=${encode(value)}`);
  if (view.camera) put('map', formatCamera(view.camera));
  if (!sameSet(view.layers, DEFAULT_VIEW.layers))
    put('layers', LAYERS.filter((l) => view.layers.includes(l)).join(','));
  if (view.shading !== DEFAULT_VIEW.shading) put('shading', view.shading);
  if (view.measure !== DEFAULT_VIEW.measure) put('measure', view.measure);
  if (view.level !== DEFAULT_VIEW.level) put('level', view.level);
  if (view.filter.categories.length) put('category', view.filter.categories.map(encodeURIComponent).join(','));
  if (view.filter.statuses.length) put('status', view.filter.statuses.join(','));
  const range = formatRange(view.filter.range);
  if (range) put('time', range);
  if (view.comparison) put('compare', view.comparison);
  if (view.asOf) put('as-of', view.asOf);
  if (view.selection) put('sel', formatSelection(view.selection));
  if (view.desk) put('desk', [view.desk.street, ...(view.desk.plan ? [view.desk.plan] : [])].join('/'));
  if (view.theme !== DEFAULT_VIEW.theme) put('theme', view.theme);
  put('lang', view.lang);
  return `#${parts.join('&')}`;
}

/** `fallback` gives what the link does not say (the visitor's own language, for one). */
export function parseView(hash: string, fallback: View = DEFAULT_VIEW): View {
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at > 0) values.set(part.slice(0, at), decode(part.slice(at + 1)));
  }
  const get = (name: string) => values.get(name);
  const layers = get('layers');
  const shading = oneOf(get('shading'), SHADINGS) ?? fallback.shading;
  return {
    camera: parseCamera(get('map')) ?? fallback.camera,
    layers: layers === undefined ? fallback.layers : LAYERS.filter((l) => layers.split(',').includes(l)),
    shading,
    measure: oneOf(get('measure'), ['count', 'rate'] as const) ?? fallback.measure,
    level: oneOf(get('level'), shading === 'hotspots' ? HOTSPOT_LEVELS : AREA_LEVELS) ?? fallback.level,
    filter: parseFilter(get('category'), get('status'), get('time'), fallback.filter),
    comparison: oneOf(get('compare'), COMPARISONS) ?? fallback.comparison,
    asOf: parseDay(get('as-of')) ?? fallback.asOf,
    lang: parseLang(get('lang')) ?? fallback.lang,
    theme: oneOf(get('theme'), ['auto', 'light', 'dark'] as const satisfies readonly Theme[]) ?? fallback.theme,
    selection: parseSelection(get('sel')) ?? fallback.selection,
    desk: parseDesk(get('desk')) ?? fallback.desk,
  };
}

/** Keeps what is harmless in a fragment readable. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%2F/g, '/').replace(/%2C/g, ',').replace(/%3A/g, ':');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function formatCamera({ lon, lat, zoom }: Camera): string {
  // A pixel is 360/(512·2^zoom) degrees: as many decimals as tell pixels apart, and one more.
  const decimals = Math.max(2, Math.ceil((zoom * Math.LN2 + Math.log(512 / 360)) / Math.LN10) + 1);
  return `${Number(zoom.toFixed(2))}/${Number(lat.toFixed(decimals))}/${Number(lon.toFixed(decimals))}`;
}

function parseCamera(text: string | undefined): Camera | null {
  const [zoom, lat, lon] = (text ?? '').split('/').map((part) => (part === '' ? Number.NaN : Number(part)));
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  if (!(zoom >= 0 && zoom <= 24) || !isLonLat(lon, lat)) return null;
  return { zoom, lat, lon };
}

function formatRange(range: TimeRange): string {
  if (range.kind === 'days') return `${range.days}d`;
  if (range.kind === 'between') return `${range.from ?? ''}..${range.to ?? ''}`;
  return '';
}

function parseRange(text: string | undefined): TimeRange | null {
  if (!text) return null;
  const days = PRESET_DAYS.find((preset) => text === `${preset}d`);
  if (days) return { kind: 'days', days };
  const [from, to, ...rest] = text.split('..');
  if (rest.length || to === undefined) return null;
  return { kind: 'between', from: parseDay(from), to: parseDay(to) };
}

function parseFilter(
  category: string | undefined,
  status: string | undefined,
  time: string | undefined,
  fallback: IssueFilter,
): IssueFilter {
  return {
    categories: category === undefined ? fallback.categories : category.split(',').map(decode).filter(Boolean),
    statuses:
      status === undefined
        ? fallback.statuses
        : STATUSES.filter((known) => status.split(',').includes(known satisfies IssueStatus)),
    range: parseRange(time) ?? fallback.range,
  };
}

function formatSelection(selection: Selection): string {
  switch (selection.kind) {
    case 'area':
      return `area:${selection.code}`;
    case 'issue':
      return `issue:${selection.id}`;
    case 'point': {
      const at = `point:${Number(selection.lon.toFixed(7))},${Number(selection.lat.toFixed(7))}`;
      return selection.code ? `${at},${selection.code}` : at;
    }
  }
}

function parseSelection(text: string | undefined): Selection | null {
  if (!text) return null;
  const at = text.indexOf(':');
  const kind = text.slice(0, at);
  const value = text.slice(at + 1);
  if (kind === 'area' && CODE.test(value)) return { kind, code: value };
  if (kind === 'issue' && value) return { kind, id: value };
  if (kind === 'point') {
    const [x, y, code] = value.split(',');
    const lon = x ? Number(x) : Number.NaN;
    const lat = y ? Number(y) : Number.NaN;
    if (isLonLat(lon, lat)) return { kind, lon, lat, code: code && CODE.test(code) ? code : null };
  }
  return null;
}

function parseDesk(text: string | undefined): DeskPlace | null {
  const [, street, plan] = /^(\d{6,12})(?:\/(\d{1,9}))?$/.exec(text ?? '') ?? [];
  return street ? { street, plan: plan ? Number(plan) : null } : null;
}

function parseDay(text: string | undefined): string | null {
  return text && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

function parseLang(text: string | undefined) {
  return text && isLang(text) ? text : null;
}

function oneOf<T extends string>(text: string | undefined, known: readonly T[]): T | undefined {
  return known.find((word) => word === text);
}

function isLonLat(lon: number, lat: number): boolean {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

function sameSet(a: readonly LayerName[], b: readonly LayerName[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
