/** What the device is like: phone width, dark surroundings. And which theme that makes. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { dark } from '../map/themes/dark';
import { light } from '../map/themes/light';
import { theme } from './app';

function mediaQuery(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const state = signal(list.matches);
  list.addEventListener('change', () => {
    state.value = list.matches;
  });
  return state;
}

/** Keep in step with the style sheets' only breakpoint. */
export const isNarrow = mediaQuery('(max-width: 1023px)');
const prefersDark = mediaQuery('(prefers-color-scheme: dark)');

export const isDark = computed(() => (theme.value === 'auto' ? prefersDark.value : theme.value === 'dark'));
export const mapTheme = computed(() => (isDark.value ? dark : light));

export type PanelName = 'overview' | 'layers' | 'filters' | 'settings';
/** The panel open as a bottom sheet at phone width. */
export const sheet = signal<PanelName | null>(null);
