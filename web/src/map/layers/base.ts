/** Water, roads, buildings, blocks. */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import type { MapTheme } from '../themes/theme';

type Stops = [zoom: number, width: number][];

/** Widths that grow with zoom as the ground does. */
export const byZoom = (stops: Stops): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.6], ['zoom'], ...stops.flat()] as ExpressionSpecification;

const kinds = (...names: string[]): ExpressionSpecification => ['in', ['get', 'kind'], ['literal', names]];

const ROADS: [id: string, kind: string, colour: 'major' | 'medium' | 'minor', minzoom: number, stops: Stops][] = [
  [
    'minor',
    'minor_road',
    'minor',
    12,
    [
      [12, 0.5],
      [14, 1.6],
      [18, 14],
    ],
  ],
  [
    'medium',
    'medium_road',
    'medium',
    10,
    [
      [10, 0.6],
      [14, 3],
      [18, 20],
    ],
  ],
  [
    'major',
    'major_road',
    'major',
    7,
    [
      [7, 0.6],
      [14, 4.6],
      [18, 26],
    ],
  ],
];

export function backgroundLayer(theme: MapTheme): LayerSpecification {
  return { id: 'background', type: 'background', paint: { 'background-color': theme.background } };
}

/** The picture from elsewhere. The background shines through a little, by day and by night, so that lines and names stand out. */
export function backdropLayer(): LayerSpecification {
  return {
    id: 'backdrop',
    type: 'raster',
    source: 'backdrop',
    paint: { 'raster-opacity': 0.85, 'raster-fade-duration': 150 },
  };
}

export function groundLayers(theme: MapTheme): LayerSpecification[] {
  return [
    {
      id: 'water',
      type: 'fill',
      source: 'base',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': theme.water },
    },
    {
      id: 'river',
      type: 'line',
      source: 'base',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': theme.water,
        'line-width': byZoom([
          [9, 0.6],
          [14, 3],
          [18, 16],
        ]),
      },
    },
    {
      id: 'buildings',
      type: 'fill',
      source: 'base',
      'source-layer': 'buildings',
      minzoom: 14,
      paint: {
        'fill-color': theme.building.fill,
        'fill-outline-color': theme.building.outline,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 14, 0, 14.6, 1],
      },
    },
  ];
}

export function blockLayers(theme: MapTheme): LayerSpecification[] {
  return [
    {
      id: 'blocks',
      type: 'line',
      source: 'blocks',
      'source-layer': 'blocks',
      minzoom: 13,
      paint: { 'line-color': theme.block, 'line-width': 0.8, 'line-dasharray': [2, 2] },
    },
  ];
}

/** `quiet`: over coloured areas roads recede, so that the areas' own borders are what is seen. */
export function roadLayers(theme: MapTheme, quiet: boolean): LayerSpecification[] {
  const opacity: ExpressionSpecification | number = quiet ? ['interpolate', ['linear'], ['zoom'], 13, 0.3, 16, 0.8] : 1;
  const casings = ROADS.map(
    ([id, kind, , minzoom, stops]): LayerSpecification => ({
      id: `road-${id}-casing`,
      type: 'line',
      source: 'base',
      'source-layer': 'roads',
      minzoom: Math.max(minzoom, 12),
      filter: kinds(kind),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': theme.road.casing,
        'line-opacity': quiet ? 0 : 1,
        'line-width': byZoom(stops.map(([z, w]) => [z, w + 1.2])),
      },
    }),
  );
  const roads = ROADS.map(
    ([id, kind, colour, minzoom, stops]): LayerSpecification => ({
      id: `road-${id}`,
      type: 'line',
      source: 'base',
      'source-layer': 'roads',
      minzoom,
      filter: kinds(kind),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': theme.road[colour], 'line-opacity': opacity, 'line-width': byZoom(stops) },
    }),
  );
  return [
    {
      id: 'road-path',
      type: 'line',
      source: 'base',
      'source-layer': 'roads',
      minzoom: 14,
      filter: kinds('path'),
      paint: {
        'line-color': theme.road.path,
        'line-width': byZoom([
          [14, 0.7],
          [18, 4],
        ]),
      },
    },
    ...casings,
    ...roads,
    {
      id: 'rail',
      type: 'line',
      source: 'base',
      'source-layer': 'roads',
      minzoom: 10,
      filter: kinds('rail'),
      paint: {
        'line-color': theme.road.rail,
        'line-width': byZoom([
          [10, 0.8],
          [18, 4],
        ]),
      },
    },
    {
      id: 'rail-ties',
      type: 'line',
      source: 'base',
      'source-layer': 'roads',
      minzoom: 13,
      filter: kinds('rail'),
      paint: {
        'line-color': theme.background,
        'line-width': byZoom([
          [13, 0.8],
          [18, 2.6],
        ]),
        'line-dasharray': [4, 4],
      },
    },
  ];
}

export function baseLabelLayers(theme: MapTheme, fonts: string[]): LayerSpecification[] {
  return [
    {
      id: 'road-label',
      type: 'symbol',
      source: 'base',
      'source-layer': 'roads',
      minzoom: 14,
      filter: ['all', ['has', 'name'], kinds('major_road', 'medium_road', 'minor_road')],
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 360,
        'text-field': ['get', 'name'],
        'text-font': fonts,
        'text-size': ['interpolate', ['linear'], ['zoom'], 14, 10.5, 18, 13],
        'text-letter-spacing': 0.05,
        'text-padding': 12,
      },
      paint: { 'text-color': theme.road.label, 'text-halo-color': theme.label.halo, 'text-halo-width': 1.4 },
    },
    {
      id: 'water-label',
      type: 'symbol',
      source: 'base',
      'source-layer': 'water',
      minzoom: 12,
      filter: ['all', ['has', 'name'], ['==', ['geometry-type'], 'LineString']],
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 500,
        'text-field': ['get', 'name'],
        'text-font': fonts,
        'text-size': 12,
        'text-letter-spacing': 0.2,
      },
      paint: { 'text-color': theme.waterLabel, 'text-halo-color': theme.label.halo, 'text-halo-width': 1 },
    },
  ];
}
