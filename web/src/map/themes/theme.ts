/** The colours of the map as data: the style draws with them, the legend explains with them. */
import type { IssueStatus } from '../../api/types';

export type Ramp = readonly [string, string, string, string, string];

/** Far below, below, a little below, alike, a little above, above, far above. */
export type Diverging = readonly [string, string, string, string, string, string, string];

export interface MapTheme {
  background: string;
  water: string;
  waterLabel: string;
  road: { major: string; medium: string; minor: string; path: string; casing: string; rail: string; label: string };
  building: { fill: string; outline: string };
  edge: { street: string; community: string; cell: string; casing: string };
  /** Fills that tell neighbouring communities apart; a community's number picks one. */
  community: readonly string[];
  communityOpacity: number;
  block: string;
  group: { fill: string; outline: string };
  household: { member: string; head: string; outline: string };
  label: { street: string; community: string; cell: string; halo: string };
  /** Choropleth classes, few to many. */
  choropleth: Ramp;
  /** Blue, grey, red: told apart by people who see no green or no red, and by lightness from the middle outwards. */
  diverging: Diverging;
  choroplethOpacity: number;
  /** Heatmap density 0–1, from nothing (transparent) to most. */
  heat: readonly (readonly [density: number, colour: string])[];
  status: Record<IssueStatus, string>;
  bin: { fill: string; outline: string; text: string };
  hover: string;
  selected: string;
  selectedCasing: string;
}
