/** How the plan on the desk is drawn. Deviations come by feature state, so that they change without the geometry being sent again. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl';
import { byZoom } from '../../map/layers/base';
import { shortNames } from '../../map/layers/grid';
import type { MapTheme } from '../../map/themes/theme';

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Pixels beyond a tile that are still drawn with it: the widest line's half. */
const BUFFER = 8;

const geojson = (promoteId: string): SourceSpecification => ({
  type: 'geojson',
  data: EMPTY,
  buffer: BUFFER,
  maxzoom: 16,
  promoteId,
});

export const DESK_SOURCES = {
  'desk-cells': geojson('code'),
  'desk-blocks': geojson('id'),
  'desk-labels': geojson('code'),
} satisfies Record<string, SourceSpecification>;
export type DeskSource = keyof typeof DESK_SOURCES;

export const HATCH = 'desk-hatch';
export const LOCK = 'desk-lock';

/** Limits between the seven classes of deviation, as shares; beyond the second and the fifth is beyond the tolerance. */
export const deviationLimits = (tolerance: number): number[] =>
  [-2, -1, -0.5, 0.5, 1, 2].map((times) => times * tolerance);

/** Of cells that no balance is asked of. */
const NO_DEVIATION = 'rgba(128, 128, 128, 0.25)';

export function deviationColourOf(theme: MapTheme, tolerance: number, deviation: number | undefined): string {
  if (deviation === undefined) return NO_DEVIATION;
  return theme.diverging[deviationLimits(tolerance).filter((limit) => deviation >= limit).length] ?? NO_DEVIATION;
}

function deviationColour(theme: MapTheme, tolerance: number): ExpressionSpecification {
  const steps = deviationLimits(tolerance).flatMap((limit, i) => [limit, theme.diverging[i + 1] as string]);
  const scale = ['step', ['number', ['feature-state', 'deviation'], 0], theme.diverging[0], ...steps];
  return [
    'case',
    ['==', ['feature-state', 'deviation'], null],
    NO_DEVIATION,
    scale as unknown as ExpressionSpecification,
  ];
}

/** Few layers: each costs every frame, and the desk is to be quick on a machine that draws by its processor. */
export function deskLayers(theme: MapTheme, fonts: string[], tolerance: number): LayerSpecification[] {
  return [
    {
      id: 'desk-cell-fill',
      type: 'fill',
      source: 'desk-cells',
      paint: { 'fill-color': deviationColour(theme, tolerance), 'fill-opacity': 0.6 },
    },
    {
      id: 'desk-cell-locked',
      type: 'fill',
      source: 'desk-cells',
      filter: ['==', ['get', 'locked'], true],
      paint: { 'fill-pattern': HATCH },
    },
    {
      id: 'desk-block-line',
      type: 'line',
      source: 'desk-blocks',
      minzoom: 13,
      paint: {
        'line-color': theme.block,
        'line-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.25, 15, 0.7],
        'line-width': byZoom([
          [13, 0.4],
          [18, 1.4],
        ]),
      },
    },
    {
      id: 'desk-cell-line',
      type: 'line',
      source: 'desk-cells',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': theme.edge.street,
        'line-opacity': 0.9,
        'line-width': byZoom([
          [11, 0.8],
          [14, 1.8],
          [18, 3.4],
        ]),
      },
    },
    {
      id: 'desk-label',
      type: 'symbol',
      source: 'desk-labels',
      minzoom: 12.5,
      layout: {
        'text-field': labelText(),
        'icon-image': ['case', ['==', ['get', 'locked'], true], LOCK, ''],
        'icon-anchor': 'bottom',
        'icon-offset': [0, -16],
        'icon-optional': true,
        'text-font': fonts,
        'text-size': ['interpolate', ['linear'], ['zoom'], 13, 11, 17, 14],
        'text-max-width': 8,
        'text-padding': 3,
        'symbol-sort-key': ['-', 0, ['get', 'households']],
      },
      paint: { 'text-color': theme.label.street, 'text-halo-color': theme.label.halo, 'text-halo-width': 1.3 },
    },
  ];
}

/** Far out the number alone, then the cell's own name, near the ground all of it. */
function labelText(): ExpressionSpecification {
  const { short, lines } = shortNames(['get', 'name']);
  const number: ExpressionSpecification = ['to-string', ['get', 'households']];
  const named = (name: ExpressionSpecification): ExpressionSpecification => [
    'format',
    name,
    {},
    '\n',
    {},
    number,
    { 'font-scale': 1.1 },
  ];
  return ['step', ['zoom'], ['format', number, {}], 14.3, named(short), 16.5, named(lines)];
}
