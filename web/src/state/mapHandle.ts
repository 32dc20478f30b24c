/** The one map, for what moves it from outside: search, buttons, cards. */
import { signal } from '@preact/signals';
import type { GridMap } from '../map/map';

export const gridMap = signal<GridMap | null>(null);
/** Tiles failed since the last retry. */
export const tilesFailed = signal(false);
/** The browser cannot draw the map at all. */
export const mapFailed = signal(false);
