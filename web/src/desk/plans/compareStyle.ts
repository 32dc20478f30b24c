/** What the two maps of a comparison show: each plan's cells by deviation, or what differs between them. */
import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import type { BackdropInfo, Bbox } from '../../api/types';
import { backdropLayer, backgroundLayer, baseLabelLayers, groundLayers, roadLayers } from '../../map/layers/base';
import { backdropSource, buildSources } from '../../map/sources';
import type { MapTheme } from '../../map/themes/theme';
import type { Move, MultiLineCoordinates, PlanDifference, PlanPicture } from './api';
import { deviationColour } from './deviation';

/** The labels' font; the maps know its file. */
export const FONT = 'Noto Sans SC';

export type Mode = 'swipe' | 'difference';

export interface ComparedStyle {
  theme: MapTheme;
  picture: PlanPicture;
  difference: PlanDifference | null;
  mode: Mode;
  /** The move that the table has chosen. */
  chosen: Pick<Move, 'from' | 'to'> | null;
  bounds: Bbox | null;
  /** The picture behind the maps, when there is one and it is wanted: it takes the drawn ground's place. */
  backdrop?: BackdropInfo | null;
}

/** Boundaries only in the first plan, and only in the second. */
export const differenceColours = (theme: MapTheme) => ({ a: theme.diverging[0], b: theme.selected });

const geojson = (features: GeoJSON.Feature[]): GeoJSONSourceSpecification => ({
  type: 'geojson',
  data: { type: 'FeatureCollection', features },
});

const lines = (coordinates: MultiLineCoordinates): GeoJSONSourceSpecification =>
  geojson(
    coordinates.length ? [{ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates } }] : [],
  );

function cellFeatures({ theme, picture }: ComparedStyle): GeoJSON.Feature[] {
  return picture.cells.map(({ code, deviation, geometry }) => ({
    type: 'Feature',
    properties: { code, colour: deviationColour(deviation, picture.tolerance, theme.diverging, 'rgba(0, 0, 0, 0)') },
    geometry: { type: 'MultiPolygon', coordinates: geometry },
  }));
}

function labelFeatures({ picture }: ComparedStyle): GeoJSON.Feature[] {
  return picture.cells.flatMap(({ name, households, label }) =>
    label
      ? [{ type: 'Feature', properties: { name, households }, geometry: { type: 'Point', coordinates: label } }]
      : [],
  );
}

function movedFeatures({ difference, chosen }: ComparedStyle): GeoJSON.Feature[] {
  return (difference?.moved ?? []).map(({ at, from, to, households }) => ({
    type: 'Feature',
    properties: { households, chosen: chosen?.from === from && chosen.to === to },
    geometry: { type: 'Point', coordinates: at },
  }));
}

/** Growing with the ground, so that a block of flats stays a block of flats. */
const movedRadius: DataDrivenPropertyValueSpecification<number> = [
  'interpolate',
  ['exponential', 1.6],
  ['zoom'],
  12,
  ['max', 1.5, ['*', 0.4, ['sqrt', ['get', 'households']]]],
  17,
  ['max', 4, ['*', 2.2, ['sqrt', ['get', 'households']]]],
];

function cellLayers({ theme, mode, chosen }: ComparedStyle): LayerSpecification[] {
  const fill: LayerSpecification = {
    id: 'compare-fill',
    type: 'fill',
    source: 'compare-cells',
    paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': theme.choroplethOpacity },
  };
  const edge: LayerSpecification = {
    id: 'compare-edge',
    type: 'line',
    source: 'compare-cells',
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': mode === 'swipe' ? theme.edge.street : theme.edge.cell,
      'line-width': mode === 'swipe' ? 1.4 : 1,
    },
  };
  const isChosen: ExpressionSpecification = [
    'in',
    ['get', 'code'],
    ['literal', chosen ? [chosen.from, chosen.to] : []],
  ];
  // Over colours a line; among the lines of the difference a tint, so that theirs remain what is seen.
  const marked: LayerSpecification =
    mode === 'swipe'
      ? {
          id: 'compare-chosen',
          type: 'line',
          source: 'compare-cells',
          filter: isChosen,
          layout: { 'line-join': 'round' },
          paint: { 'line-color': theme.selected, 'line-width': 3 },
        }
      : {
          id: 'compare-tint',
          type: 'fill',
          source: 'compare-cells',
          filter: isChosen,
          paint: { 'fill-color': theme.household.head, 'fill-opacity': 0.12 },
        };
  return mode === 'swipe' ? [fill, edge, marked] : [marked, edge];
}

function differenceLayers({ theme, mode, chosen }: ComparedStyle): LayerSpecification[] {
  if (mode !== 'difference') return [];
  const colours = differenceColours(theme);
  const rest = chosen ? 0.25 : 0.85;
  return [
    {
      id: 'compare-moved',
      type: 'circle',
      source: 'compare-moved',
      paint: {
        'circle-radius': movedRadius,
        'circle-color': theme.household.head,
        'circle-opacity': ['case', ['get', 'chosen'], 1, rest],
        'circle-stroke-color': theme.household.outline,
        'circle-stroke-width': 1,
        'circle-stroke-opacity': ['case', ['get', 'chosen'], 1, rest],
      },
    },
    {
      id: 'compare-only-a',
      type: 'line',
      source: 'compare-only-a',
      layout: { 'line-join': 'round' },
      paint: { 'line-color': colours.a, 'line-width': 3.5, 'line-dasharray': [1.6, 1.2] },
    },
    {
      id: 'compare-only-b',
      type: 'line',
      source: 'compare-only-b',
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': colours.b, 'line-width': 3.5 },
    },
  ];
}

function labelLayer(theme: MapTheme): LayerSpecification {
  return {
    id: 'compare-label',
    type: 'symbol',
    source: 'compare-labels',
    minzoom: 13,
    layout: {
      'text-field': ['concat', ['get', 'name'], '\n', ['get', 'households']],
      'text-font': [FONT],
      'text-size': 12,
      'text-padding': 4,
    },
    paint: { 'text-color': theme.label.cell, 'text-halo-color': theme.label.halo, 'text-halo-width': 1.6 },
  };
}

export function buildComparedStyle(state: ComparedStyle): StyleSpecification {
  const { theme, bounds, difference, backdrop = null } = state;
  const { base } = buildSources({ day: null, issueParams: {}, households: false, bounds, attribution: '' });
  if (!base) throw new Error('no base map');
  return {
    version: 8,
    transition: { duration: 0, delay: 0 },
    sources: {
      ...(backdrop ? { backdrop: backdropSource(backdrop, bounds) } : { base }),
      'compare-cells': geojson(cellFeatures(state)),
      'compare-labels': geojson(labelFeatures(state)),
      'compare-moved': geojson(movedFeatures(state)),
      'compare-only-a': lines(difference?.only_a ?? []),
      'compare-only-b': lines(difference?.only_b ?? []),
    },
    layers: [
      backgroundLayer(theme),
      ...(backdrop ? [backdropLayer()] : [...groundLayers(theme), ...roadLayers(theme, true)]),
      ...cellLayers(state),
      ...differenceLayers(state),
      ...(backdrop ? [] : baseLabelLayers(theme, [FONT])),
      labelLayer(theme),
    ],
  };
}
