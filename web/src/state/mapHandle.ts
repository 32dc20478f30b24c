/** The one map, for what moves it from outside: search, buttons, cards. */
import { signal } from '@preact/signals';
import type { LayerSpecification, SourceSpecification } from 'maplibre-gl';
import type { Covered, GridMap } from '../map/map';
import type { MapTheme } from '../map/themes/theme';
import type { LayerName } from './view';

/** What takes the map over: its layers above those of the viewer that it leaves, clicks and hovering its own. */
export interface MapOverlay {
  /** Layers of the viewer that stay. */
  keep: readonly LayerName[];
  sources: Record<string, SourceSpecification>;
  layers(theme: MapTheme, fonts: string[]): LayerSpecification[];
  covered(): Covered;
}

export const mapOverlay = signal<MapOverlay | null>(null);

export const gridMap = signal<GridMap | null>(null);
/** Tiles failed since the last retry. */
export const tilesFailed = signal(false);
/** The browser cannot draw the map at all. */
export const mapFailed = signal(false);
