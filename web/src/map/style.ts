/** The whole style as a function of what is to be seen. The map applies the difference to the style before. */
import fontUrl from '@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff2?url';
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { AreaLevel } from '../api/types';
import type { Shading } from '../state/choropleth';
import type { MapOverlay } from '../state/mapHandle';
import type { LayerName } from '../state/view';
import { backdropLayer, backgroundLayer, baseLabelLayers, blockLayers, groundLayers, roadLayers } from './layers/base';
import {
  areaFillLayers,
  areaLabelLayers,
  choroplethLayer,
  edgeLayers,
  groupLayers,
  type HouseholdText,
  householdLayers,
  selectionLayers,
} from './layers/grid';
import { heatLayers, issueCountLayers, issueLayers } from './layers/issues';
import { buildSources, type SourceState } from './sources';
import type { MapTheme } from './themes/theme';

const FONT = 'Noto Sans SC';

export interface StyleState extends SourceState {
  theme: MapTheme;
  layers: readonly LayerName[];
  /** The areas' colours. */
  shading: Shading | null;
  /** Issues that the filter lets through. */
  issueTotal: number;
  /** Code of the selected area. */
  selected: string | null;
  householdText: HouseholdText;
  /** Layers and sources of what took the map over. */
  overlay: Pick<MapOverlay, 'sources' | 'layers'> | null;
}

/** The switch that a style layer obeys; layers not named here are always there. */
const SWITCH: [prefix: string, layer: LayerName][] = [
  ['water', 'water'],
  ['river', 'water'],
  ['road', 'roads'],
  ['rail', 'roads'],
  ['buildings', 'buildings'],
  ['street-fill', 'streets'],
  ['community-fill', 'communities'],
  ['cell-fill', 'cells'],
  ['group', 'groups'],
  ['households', 'households'],
  ['blocks', 'blocks'],
  ['label', 'labels'],
  ['issue', 'issues'],
  ['heat', 'heat'],
  ['choropleth', 'choropleth'],
];

/** Drawn ground that would hide the picture of it. */
export const UNDER_BACKDROP: readonly LayerName[] = ['water', 'roads', 'buildings'];

const LEVEL_SWITCH: [AreaLevel, LayerName][] = [
  ['street', 'streets'],
  ['community', 'communities'],
  ['cell', 'cells'],
];

export function buildStyle(state: StyleState): StyleSpecification {
  const { theme } = state;
  const fonts = [FONT];
  const coloured = state.layers.includes('choropleth') && state.shading !== null;
  const levels = LEVEL_SWITCH.filter(([, layer]) => state.layers.includes(layer)).map(([level]) => level);
  const shown = state.backdrop ? state.layers.filter((layer) => !UNDER_BACKDROP.includes(layer)) : state.layers;
  const layers: LayerSpecification[] = [
    backgroundLayer(theme),
    ...(state.backdrop ? [backdropLayer()] : []),
    // Below water and buildings: they stay what they are, and tell where in an area one is.
    ...(state.shading ? [choroplethLayer(theme, state.shading)] : []),
    ...groundLayers(theme),
    ...areaFillLayers(theme, !coloured),
    ...roadLayers(theme, coloured),
    ...blockLayers(theme),
    ...groupLayers(theme),
    ...edgeLayers(theme, levels),
    ...(state.households ? householdLayers(theme) : []),
    ...heatLayers(theme, state.issueTotal),
    ...selectionLayers(theme, state.selected),
    ...baseLabelLayers(theme, fonts),
    ...issueLayers(theme, state.issueTotal),
    ...areaLabelLayers(theme, fonts, levels, state.householdText),
    ...issueCountLayers(theme, fonts, state.issueTotal),
  ];
  return {
    version: 8,
    // Labels are drawn from this file, so Chinese needs neither a glyph server nor a font on the visitor's machine.
    'font-faces': { [FONT]: new URL(fontUrl, location.href).href },
    transition: { duration: 150, delay: 0 },
    sources: { ...buildSources(state), ...state.overlay?.sources },
    layers: [...layers.map((layer) => switched(layer, shown)), ...(state.overlay?.layers(theme, fonts) ?? [])],
  };
}

function switched(layer: LayerSpecification, shown: readonly LayerName[]): LayerSpecification {
  const rule = SWITCH.find(([prefix]) => layer.id.startsWith(prefix));
  if (!rule || shown.includes(rule[1])) return layer;
  return { ...layer, layout: { ...layer.layout, visibility: 'none' } } as LayerSpecification;
}
