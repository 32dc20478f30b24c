/** Everything a link keeps, as plain data. The signals that hold it live in `app.ts`, its text form in `url.ts`. */
import type { AreaLevel } from '../api/types';
import type { Lang } from '../i18n';
import type { Measure } from './choropleth';
import { type IssueFilter, NO_FILTER } from './filter';

export const LAYERS = [
  'water',
  'roads',
  'buildings',
  'streets',
  'communities',
  'cells',
  'groups',
  'households',
  'blocks',
  'labels',
  'issues',
  'heat',
  'choropleth',
] as const;
export type LayerName = (typeof LAYERS)[number];

export const DEFAULT_LAYERS: readonly LayerName[] = [
  'water',
  'roads',
  'buildings',
  'streets',
  'communities',
  'cells',
  'groups',
  'households',
  'labels',
  'issues',
];

export const AREA_LEVELS: readonly AreaLevel[] = ['street', 'community', 'cell'];

/** Where the map looks. Degrees, CRS84. */
export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

/** What the detail card is about: an area by code, a point (with the area clicked there, if any), or an issue. */
export type Selection =
  | { kind: 'area'; code: string }
  | { kind: 'point'; lon: number; lat: number; code: string | null }
  | { kind: 'issue'; id: string };

export type Theme = 'auto' | 'light' | 'dark';

export interface View {
  /** `null`: the whole data. */
  camera: Camera | null;
  layers: readonly LayerName[];
  measure: Measure;
  level: AreaLevel;
  filter: IssueFilter;
  /** `YYYY-MM-DD`, `null` for today. */
  asOf: string | null;
  lang: Lang;
  theme: Theme;
  selection: Selection | null;
}

export const DEFAULT_VIEW: View = {
  camera: null,
  layers: DEFAULT_LAYERS,
  measure: 'count',
  level: 'cell',
  filter: NO_FILTER,
  asOf: null,
  lang: 'zh',
  theme: 'auto',
  selection: null,
};
