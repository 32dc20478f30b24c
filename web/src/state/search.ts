/** The search box's state: what was typed, what was found, which hit is chosen. Keys are plain functions of it. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { fetchHits } from '../api/requests';
import type { Hit } from '../api/types';
import { t } from '../i18n';
import { asOf, say, selection } from './app';
import { clicked } from './clicked';
import { DEFAULT_CRS, parseCoordinates } from './coordinates';
import { gridMap } from './mapHandle';
import { fetcher } from './resource';

/** Quiet time after the last key before the server is asked. */
const TYPING_MS = 180;

export const text = signal('');
export const crs = signal(DEFAULT_CRS);
export const open = signal(false);
/** Index of the hit the arrows are at; −1 for none. */
export const active = signal(-1);

interface Question {
  q: string;
  crs: string | null;
  day: string | null;
}
interface Answer {
  question: Question;
  hits: Hit[];
}
const search = fetcher<Question, Answer>(async (question, abort) => {
  const { hits } = await fetchHits(question.q, question.crs, question.day, abort);
  return { question, hits };
});
export const found = search.state;
export const hits = computed(() => found.value.data?.hits ?? []);
/** Enter was pressed before the answer to the text was there: the first hit is taken when it comes. */
const enterAwaits = signal(false);

/** The text as coordinates, if it is. */
export const typed = computed(() => parseCoordinates(text.value, crs.value));

const asked = computed<Question | null>(() => {
  const q = text.value.trim();
  if (!q) return null;
  const pair = typed.value;
  // The server's number format is plain: full-width commas and degree signs are the keyboard's, not the person's intent.
  return { q: pair ? `${pair.x}, ${pair.y}` : q, crs: pair ? crs.value : null, day: asOf.value };
});

/** Asks as the person types. Returns what ends it. */
export function followTyping(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stops = [
    effect(() => {
      const next = asked.value;
      clearTimeout(timer);
      active.value = -1;
      enterAwaits.value = false;
      if (!next) void search.ask(null);
      else timer = setTimeout(() => void search.ask(next), TYPING_MS);
    }),
    effect(() => {
      const { data, loading } = found.value;
      if (!data || loading) return;
      const count = data.hits.length;
      say(count ? t('search.count', { count }) : t('search.none', { q: text.peek() }));
      const first = data.hits[0];
      if (enterAwaits.peek() && first) untracked(() => choose(first));
      enterAwaits.value = false;
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

export function choose(hit: Hit) {
  open.value = false;
  active.value = -1;
  clicked.value = null;
  selection.value = hit.code
    ? { kind: 'area', code: hit.code }
    : { kind: 'point', lon: hit.lon, lat: hit.lat, code: null };
  const map = gridMap.value;
  if (hit.bbox) map?.fit(hit.bbox);
  else map?.flyTo(hit.lon, hit.lat);
}

export function clear() {
  text.value = '';
  open.value = false;
}

/** What a key does in the box; `false` leaves the key to the browser. */
export function onKey(key: string): boolean {
  const count = hits.value.length;
  switch (key) {
    case 'ArrowDown':
    case 'ArrowUp': {
      if (!count) return false;
      open.value = true;
      const step = key === 'ArrowDown' ? 1 : -1;
      // One place beyond the ends is the text itself.
      active.value = ((active.value + 1 + step + count + 1) % (count + 1)) - 1;
      return true;
    }
    case 'Enter': {
      if (!asked.value) return false;
      const hit = hits.value[Math.max(active.value, 0)];
      const answered = found.value.data?.question === asked.value && !found.value.loading;
      if (!answered) enterAwaits.value = true;
      else if (hit) choose(hit);
      return true;
    }
    case 'Escape':
      if (open.value && count) open.value = false;
      else clear();
      return true;
    default:
      return false;
  }
}
