/** The signals of the app: what is looked at, and what the server said about it. */
import { batch, computed, effect, signal } from '@preact/signals';
import type { Params } from '../api/client';
import { type Lang, lang, t } from '../i18n';
import type { Measure } from './choropleth';
import {
  type Comparison,
  comparisonParams,
  filterParams,
  type IssueFilter,
  type Period,
  periodBefore,
  periodOf,
} from './filter';
import { formatView, parseView } from './url';
import {
  type Camera,
  DEFAULT_VIEW,
  type DeskPlace,
  type LayerName,
  type Selection,
  type ShadingKind,
  type Theme,
  type View,
} from './view';

export const camera = signal<Camera | null>(null);
export const layers = signal<readonly LayerName[]>(DEFAULT_VIEW.layers);
export const shading = signal<ShadingKind>(DEFAULT_VIEW.shading);
export const measure = signal<Measure>('count');
export const level = signal(DEFAULT_VIEW.level);
export const filter = signal<IssueFilter>(DEFAULT_VIEW.filter);
export const comparison = signal<Comparison | null>(DEFAULT_VIEW.comparison);
export const asOf = signal<string | null>(null);
export const theme = signal<Theme>('auto');
export const selection = signal<Selection | null>(null);
/** Where the planner's desk stands; `null` on the map. */
export const deskAt = signal<DeskPlace | null>(null);

/** A short message for the live region and the toast; the number makes equal messages distinct. */
export const announcement = signal<{ text: string; shown: boolean; serial: number }>({
  text: '',
  shown: false,
  serial: 0,
});

/** The server's day; presets count back from it (or from the day looked at). */
export const today = signal(new Date().toISOString().slice(0, 10));

/** Issue filter as the API's parameters; a new object only when the meaning changed. */
export const issueParams = computed<Params>(() => filterParams(filter.value, asOf.value ?? today.value));

/** The filter's period, where it has a beginning and an end. */
export const period = computed<Period | null>(() => periodOf(filter.value.range, asOf.value ?? today.value));

/** The period that it is compared with. */
export const comparedPeriod = computed<Period | null>(() =>
  period.value && comparison.value ? periodBefore(period.value, comparison.value) : null,
);
export const compareParams = computed<Params>(() => comparisonParams(comparedPeriod.value));

export const isOn = (layer: LayerName) => layers.value.includes(layer);

export function setLayer(layer: LayerName, on: boolean) {
  layers.value = on ? [...layers.value.filter((l) => l !== layer), layer] : layers.value.filter((l) => l !== layer);
}

export function setShading(kind: ShadingKind) {
  batch(() => {
    shading.value = kind;
    if (kind === 'hotspots' && level.value === 'street') level.value = DEFAULT_VIEW.level;
  });
}

/** A comparison is asked for to be seen: the map shows it too. */
export function compareWith(what: Comparison | null) {
  batch(() => {
    if (what && !comparison.value) {
      setLayer('choropleth', true);
      setShading('totals');
    }
    comparison.value = what;
  });
}

export function say(text: string, shown = false) {
  announcement.value = { text, shown, serial: announcement.peek().serial + 1 };
}

export function currentView(): View {
  return {
    camera: camera.value,
    layers: layers.value,
    shading: shading.value,
    measure: measure.value,
    level: level.value,
    filter: filter.value,
    comparison: comparison.value,
    asOf: asOf.value,
    lang: lang.value,
    theme: theme.value,
    selection: selection.value,
    desk: deskAt.value,
  };
}

export function showView(view: View) {
  batch(() => {
    camera.value = view.camera;
    layers.value = view.layers;
    shading.value = view.shading;
    measure.value = view.measure;
    level.value = view.level;
    filter.value = view.filter;
    comparison.value = view.comparison;
    asOf.value = view.asOf;
    lang.value = view.lang;
    theme.value = view.theme;
    selection.value = view.selection;
    deskAt.value = view.desk;
  });
}

const LANG_KEY = 'wangge.lang';
const THEME_KEY = 'wangge.theme';

/** Chinese, unless the browser asks for other languages only. */
function browserLang(): Lang {
  const wanted = navigator.languages ?? [];
  return wanted.length === 0 || wanted.some((tag) => tag.startsWith('zh')) ? 'zh' : 'en';
}

/** What this visitor chose last time: the language and theme of a link without them. */
function ownDefaults(): View {
  const stored = parseView(`lang=${localStorage.getItem(LANG_KEY)}&theme=${localStorage.getItem(THEME_KEY)}`, {
    ...DEFAULT_VIEW,
    lang: browserLang(),
  });
  return { ...DEFAULT_VIEW, lang: stored.lang, theme: stored.theme };
}

/**
 * Keeps the address bar and the view together. Moving around replaces the entry in the history rather than adding to it.
 * Returns what ends it.
 */
export function bindUrl(onJump: (camera: Camera | null) => void): () => void {
  let written: string | null = null;
  const read = () => {
    if (location.hash === written) return;
    showView(parseView(location.hash, ownDefaults()));
    onJump(camera.value);
  };
  read();
  addEventListener('hashchange', read);
  const stop = effect(() => {
    const hash = formatView(currentView());
    localStorage.setItem(LANG_KEY, lang.value);
    localStorage.setItem(THEME_KEY, theme.value);
    if (hash === location.hash) return;
    written = hash;
    history.replaceState(null, '', hash);
  });
  return () => {
    stop();
    removeEventListener('hashchange', read);
  };
}

export async function copyText(text: string, done: string) {
  try {
    await navigator.clipboard.writeText(text);
    say(done, true);
  } catch {
    say(t('toolbar.copyfailed'), true);
  }
}
