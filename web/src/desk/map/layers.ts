/** How the plan on the desk is drawn. Colours come by feature state, so that they change without the geometry being sent again. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl';
import { byZoom } from '../../map/layers/base';
import type { MapTheme } from '../../map/themes/theme';

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Pixels beyond a tile that are still drawn with it: the widest line's half. */
const BUFFER = 8;

const geojson = (promoteId?: string): SourceSpecification => ({
  type: 'geojson',
  data: EMPTY,
  buffer: BUFFER,
  maxzoom: 16,
  ...(promoteId ? { promoteId } : {}),
});

export const DESK_SOURCES = {
  'desk-cells': geojson('code'),
  'desk-blocks': geojson('id'),
  'desk-labels': geojson('code'),
  'desk-marks': geojson(),
  'desk-sketch': geojson(),
} satisfies Record<string, SourceSpecification>;
export type DeskSource = keyof typeof DESK_SOURCES;

export const HATCH = 'desk-hatch';

const state = (name: string): ExpressionSpecification => ['boolean', ['feature-state', name], false];

/** Limits between the seven classes of deviation, as shares; beyond the second and the fifth is beyond the tolerance. */
export const deviationLimits = (tolerance: number): number[] =>
  [-2, -1, -0.5, 0.5, 1, 2].map((times) => times * tolerance);

function deviationColour(theme: MapTheme, tolerance: number): ExpressionSpecification {
  const steps = deviationLimits(tolerance).flatMap((limit, i) => [limit, theme.diverging[i + 1] as string]);
  const scale = ['step', ['number', ['feature-state', 'deviation'], 0], theme.diverging[0], ...steps];
  return [
    'case',
    ['==', ['feature-state', 'deviation'], null],
    'rgba(128, 128, 128, 0.25)',
    scale as unknown as ExpressionSpecification,
  ];
}

export function deskLayers(theme: MapTheme, fonts: string[], tolerance: number): LayerSpecification[] {
  const outline = byZoom([
    [11, 0.8],
    [14, 1.8],
    [18, 3.4],
  ]);
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const;
  return [
    {
      id: 'desk-cell-fill',
      type: 'fill',
      source: 'desk-cells',
      paint: {
        'fill-color': deviationColour(theme, tolerance),
        'fill-opacity': ['case', state('ghost'), 0.15, state('hover'), 0.78, 0.6],
      },
    },
    {
      id: 'desk-cell-locked',
      type: 'fill',
      source: 'desk-cells',
      filter: ['==', ['get', 'locked'], true],
      paint: { 'fill-pattern': HATCH },
    },
    {
      id: 'desk-block-fill',
      type: 'fill',
      source: 'desk-blocks',
      paint: {
        'fill-color': theme.selected,
        'fill-opacity': ['case', state('shown'), 0.62, state('painted'), 0.5, 0],
      },
    },
    {
      id: 'desk-block-line',
      type: 'line',
      source: 'desk-blocks',
      minzoom: 13,
      paint: {
        'line-color': theme.block,
        'line-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.2, 15, 0.65],
        'line-width': byZoom([
          [13, 0.4],
          [18, 1.4],
        ]),
      },
    },
    {
      id: 'desk-cell-casing',
      type: 'line',
      source: 'desk-cells',
      layout: round,
      paint: {
        'line-color': theme.edge.casing,
        'line-opacity': 0.75,
        'line-width': byZoom([
          [11, 2],
          [14, 3.6],
          [18, 6],
        ]),
      },
    },
    {
      id: 'desk-cell-line',
      type: 'line',
      source: 'desk-cells',
      layout: round,
      paint: {
        'line-color': theme.edge.street,
        'line-opacity': ['case', state('ghost'), 0.2, 0.9],
        'line-width': outline,
      },
    },
    {
      id: 'desk-cell-neighbour',
      type: 'line',
      source: 'desk-cells',
      layout: round,
      paint: {
        'line-color': theme.hover,
        'line-width': 3,
        'line-dasharray': [2, 1.6],
        'line-opacity': ['case', state('neighbour'), 1, 0],
      },
    },
    {
      id: 'desk-cell-selected-casing',
      type: 'line',
      source: 'desk-cells',
      layout: round,
      paint: {
        'line-color': theme.selectedCasing,
        'line-width': 7,
        'line-opacity': ['case', state('selected'), 0.9, 0],
      },
    },
    {
      id: 'desk-cell-selected',
      type: 'line',
      source: 'desk-cells',
      layout: round,
      paint: {
        'line-color': theme.selected,
        'line-width': 3.5,
        'line-opacity': ['case', state('selected'), 1, 0],
      },
    },
    {
      id: 'desk-block-shown',
      type: 'line',
      source: 'desk-blocks',
      layout: round,
      paint: {
        'line-color': theme.selected,
        'line-width': 3,
        'line-opacity': ['case', state('shown'), 1, 0],
      },
    },
    ...labelLayers(theme, fonts),
    ...sketchLayers(theme),
    ...markLayers(theme, fonts),
  ];
}

function labelLayers(theme: MapTheme, fonts: string[]): LayerSpecification[] {
  return [
    {
      id: 'desk-label',
      type: 'symbol',
      source: 'desk-labels',
      minzoom: 12.5,
      layout: {
        'text-field': [
          'format',
          ['concat', ['case', ['==', ['get', 'locked'], true], '🔒 ', ''], ['get', 'name']],
          {},
          '\n',
          {},
          ['to-string', ['get', 'households']],
          { 'font-scale': 1.1 },
        ],
        'text-font': fonts,
        'text-size': ['interpolate', ['linear'], ['zoom'], 13, 10.5, 17, 14],
        'text-max-width': 8,
        'text-padding': 3,
        'symbol-sort-key': ['-', 0, ['get', 'households']],
      },
      paint: { 'text-color': theme.label.street, 'text-halo-color': theme.label.halo, 'text-halo-width': 1.6 },
    },
  ];
}

function sketchLayers(theme: MapTheme): LayerSpecification[] {
  const role = (...roles: string[]): ExpressionSpecification => ['in', ['get', 'role'], ['literal', roles]];
  return [
    {
      id: 'desk-sketch-area',
      type: 'fill',
      source: 'desk-sketch',
      filter: role('area', 'box', 'circle'),
      paint: { 'fill-color': theme.selected, 'fill-opacity': ['case', role('area'), 0.3, 0.12] },
    },
    {
      id: 'desk-sketch-line-casing',
      type: 'line',
      source: 'desk-sketch',
      filter: role('line', 'area'),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': theme.selectedCasing, 'line-width': 5.5 },
    },
    {
      id: 'desk-sketch-line',
      type: 'line',
      source: 'desk-sketch',
      filter: role('line', 'area', 'box', 'circle'),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': theme.selected, 'line-width': ['case', role('box', 'circle'), 1.5, 2.6] },
    },
    {
      id: 'desk-sketch-trail',
      type: 'line',
      source: 'desk-sketch',
      filter: role('trail'),
      paint: { 'line-color': theme.selected, 'line-width': 2, 'line-dasharray': [2, 2] },
    },
    {
      id: 'desk-sketch-handle',
      type: 'circle',
      source: 'desk-sketch',
      filter: role('handle', 'fixed', 'middle', 'held'),
      paint: {
        'circle-radius': ['match', ['get', 'role'], 'held', 8, 'handle', 5.5, 'middle', 4, 3],
        'circle-color': [
          'match',
          ['get', 'role'],
          'held',
          theme.selected,
          'fixed',
          theme.edge.cell,
          theme.selectedCasing,
        ],
        'circle-opacity': ['case', role('middle'), 0.75, 1],
        'circle-stroke-color': [
          'match',
          ['get', 'role'],
          'held',
          theme.selectedCasing,
          'fixed',
          theme.edge.cell,
          theme.selected,
        ],
        'circle-stroke-width': 2,
      },
    },
  ];
}

function markLayers(theme: MapTheme, fonts: string[]): LayerSpecification[] {
  return [
    {
      id: 'desk-mark',
      type: 'circle',
      source: 'desk-marks',
      filter: ['!=', ['get', 'kind'], 'unbalanced'],
      paint: {
        'circle-radius': ['case', ['==', ['get', 'kind'], 'refused'], 13, 9],
        'circle-color': ['case', ['==', ['get', 'kind'], 'refused'], theme.status.open, theme.status.in_progress],
        'circle-stroke-color': theme.selectedCasing,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'desk-mark-sign',
      type: 'symbol',
      source: 'desk-marks',
      filter: ['!=', ['get', 'kind'], 'unbalanced'],
      layout: {
        'text-field': ['case', ['==', ['get', 'kind'], 'refused'], '×', '!'],
        'text-font': fonts,
        'text-size': 15,
        'text-overlap': 'always',
        'text-ignore-placement': true,
      },
      paint: { 'text-color': ['case', ['==', ['get', 'kind'], 'refused'], '#ffffff', '#17222d'] },
    },
  ];
}

/** Diagonal lines, for cells that are locked. */
export function hatchImage(theme: MapTheme): ImageData {
  const size = 16;
  const canvas = document.createElement('canvas');
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d');
  if (!context) return new ImageData(size, size);
  context.strokeStyle = theme.edge.street;
  context.globalAlpha = 0.55;
  context.lineWidth = 2;
  // Three lines, so that the pattern closes over its edges.
  for (const shift of [-size, 0, size]) {
    context.beginPath();
    context.moveTo(shift - 2, size + 2);
    context.lineTo(shift + size + 2, -2);
    context.stroke();
  }
  return context.getImageData(0, 0, size, size);
}
