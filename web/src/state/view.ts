/** Everything a link keeps, as plain data. The signals that hold it live in `app.ts`, its text form in `url.ts`. */
import type { AreaLevel } from '../api/types';
import type { Lang } from '../i18n';
import type { Measure } from './choropleth';
import { type Comparison, type IssueFilter, NO_FILTER } from './filter';

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
  'backdrop',
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

/** What the areas' colours tell: how many issues (or how many more than before), or where they cluster. */
export const SHADINGS = ['totals', 'hotspots'] as const;
export type ShadingKind = (typeof SHADINGS)[number];
/** A street among a handful of streets is no hot spot. */
export const HOTSPOT_LEVELS = ['community', 'cell'] as const;

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

/** The planner's desk: a street, and the plan open on it. */
export interface DeskPlace {
  street: string;
  plan: number | null;
}

export type Theme = 'auto' | 'light' | 'dark';

export interface View {
  /** `null`: the whole data. */
  camera: Camera | null;
  layers: readonly LayerName[];
  shading: ShadingKind;
  measure: Measure;
  level: AreaLevel;
  filter: IssueFilter;
  /** What the filter's period is compared with, if it has one; `null` for nothing. */
  comparison: Comparison | null;
  /** `YYYY-MM-DD`, `null` for today. */
  asOf: string | null;
  lang: Lang;
  theme: Theme;
  selection: Selection | null;
  /** `null`: the map. */
  desk: DeskPlace | null;
}

export const DEFAULT_VIEW: View = {
  camera: null,
  layers: DEFAULT_LAYERS,
  shading: 'totals',
  measure: 'count',
  level: 'cell',
  filter: NO_FILTER,
  comparison: null,
  asOf: null,
  lang: 'zh',
  theme: 'auto',
  selection: null,
  desk: null,
};
