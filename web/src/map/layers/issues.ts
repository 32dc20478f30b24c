/** Issue points, their bins at lower zooms, and the heatmap. */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import type { MapTheme } from '../themes/theme';

/** Tiles below this zoom bring bins, from it on single issues. */
export const SINGLE_ISSUES_ZOOM = 14;

const weight: ExpressionSpecification = ['coalesce', ['get', 'weight'], 1];
const single: ExpressionSpecification = ['has', 'id'];
const closed: ExpressionSpecification = ['==', ['get', 'status'], 'closed'];

/** Area grows with the count. A bin is 8 pixels wide, so few lie apart: small ones stay small, and large ones lie on top. */
const radius = (one: number, nine: number): ExpressionSpecification => [
  'interpolate',
  ['linear'],
  ['sqrt', weight],
  1,
  one,
  3,
  nine,
  7,
  11,
  12,
  15,
  30,
  22,
];

interface BinLook {
  radius: ExpressionSpecification;
  opacity: ExpressionSpecification;
  /** Counts are written from here on, where they fit the circle. */
  counted: number;
}

/** Few issues are a texture over which the map stays readable; the places with many stand out of it. */
const MANY: BinLook = {
  radius: radius(1.6, 3.6),
  opacity: ['interpolate', ['linear'], weight, 1, 0.45, 20, 0.6, 50, 0.88],
  counted: 50,
};
/** After a filter each one left matters. */
const FEW: BinLook = {
  radius: radius(3.2, 7),
  opacity: ['interpolate', ['linear'], weight, 1, 0.75, 10, 0.9],
  counted: 9,
};
const binLook = (total: number) => (total > 2000 ? MANY : FEW);

/** Heat is relative: however many issues there are, the busiest places are the warmest and the rest is still seen. */
function intensity(total: number): number {
  return Math.min(2, Math.max(0.2, Math.sqrt(600 / Math.max(total, 1))));
}

/** `total`: how many issues the filter lets through. */
export function heatLayers(theme: MapTheme, total: number): LayerSpecification[] {
  const scale = intensity(total);
  const ramp = theme.heat.flat();
  return [
    {
      id: 'heat',
      type: 'heatmap',
      source: 'heat',
      'source-layer': 'heat',
      paint: {
        'heatmap-weight': ['interpolate', ['linear'], weight, 0, 0, 1, 0.15, 10, 0.6, 50, 1],
        'heatmap-intensity': [
          'interpolate',
          ['linear'],
          ['zoom'],
          8,
          0.3 * scale,
          12,
          0.7 * scale,
          15,
          1.1 * scale,
          18,
          2 * scale,
        ],
        'heatmap-radius': ['interpolate', ['exponential', 1.4], ['zoom'], 8, 8, 12, 16, 15, 30, 18, 60],
        'heatmap-color': [
          'interpolate',
          ['linear'],
          ['heatmap-density'],
          ...ramp,
        ] as unknown as ExpressionSpecification,
        'heatmap-opacity': 0.9,
      },
    },
  ];
}

/** `total`: how many issues the filter lets through. */
export function issueLayers(theme: MapTheme, total: number): LayerSpecification[] {
  const bin = binLook(total);
  return [
    {
      id: 'issue-bins',
      type: 'circle',
      source: 'issues',
      'source-layer': 'issues',
      filter: ['!', single],
      layout: { 'circle-sort-key': weight },
      paint: {
        'circle-radius': bin.radius,
        'circle-color': theme.bin.fill,
        'circle-opacity': bin.opacity,
        'circle-stroke-color': theme.bin.outline,
        'circle-stroke-width': ['case', ['>=', weight, bin.counted], 1, 0.3],
      },
    },
    {
      id: 'issue-points',
      type: 'circle',
      source: 'issues',
      'source-layer': 'issues',
      filter: single,
      // What waits for somebody lies on top of what is done.
      layout: { 'circle-sort-key': ['match', ['get', 'status'], 'open', 2, 'in_progress', 1, 0] },
      paint: {
        // What is done recedes: at most zooms it is by far the most.
        'circle-radius': [
          'interpolate',
          ['linear'],
          ['zoom'],
          14,
          ['case', closed, 1.7, 4],
          18,
          ['case', closed, 5, 8],
        ],
        'circle-opacity': ['case', closed, 0.55, 1],
        'circle-stroke-opacity': ['case', closed, 0.4, 1],
        'circle-color': [
          'match',
          ['get', 'status'],
          'open',
          theme.status.open,
          'in_progress',
          theme.status.in_progress,
          theme.status.closed,
        ],
        'circle-stroke-color': theme.bin.outline,
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 14, ['case', closed, 0, 1], 18, 1.5],
      },
    },
  ];
}

/** Above the names, which make room for the counts. */
export function issueCountLayers(theme: MapTheme, fonts: string[], total: number): LayerSpecification[] {
  return [
    {
      id: 'issue-bin-count',
      type: 'symbol',
      source: 'issues',
      'source-layer': 'issues',
      filter: ['all', ['!', single], ['>=', weight, binLook(total).counted]],
      layout: {
        'text-field': ['to-string', weight],
        'text-font': fonts,
        'text-size': 11,
        'text-padding': 3,
        'symbol-sort-key': ['-', 0, weight],
      },
      paint: { 'text-color': theme.bin.text },
    },
  ];
}
