/** Issue points, their bins at lower zooms, and the heatmap. */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import type { MapTheme } from '../themes/theme';

/** Tiles below this zoom bring bins, from it on single issues. */
export const SINGLE_ISSUES_ZOOM = 14;

const weight: ExpressionSpecification = ['coalesce', ['get', 'weight'], 1];
const single: ExpressionSpecification = ['has', 'id'];

/** Area grows with the count, within what is readable. */
const binRadius: ExpressionSpecification = ['interpolate', ['linear'], ['sqrt', weight], 1, 7, 4, 10, 10, 14, 30, 20];

export function heatLayers(theme: MapTheme): LayerSpecification[] {
  const ramp = theme.heat.flat();
  return [
    {
      id: 'heat',
      type: 'heatmap',
      source: 'heat',
      'source-layer': 'heat',
      paint: {
        'heatmap-weight': ['interpolate', ['linear'], weight, 0, 0, 1, 0.18, 10, 0.7, 50, 1],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 8, 0.3, 12, 0.7, 15, 1.1, 18, 2],
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

export function issueLayers(theme: MapTheme, fonts: string[]): LayerSpecification[] {
  return [
    {
      id: 'issue-bins',
      type: 'circle',
      source: 'issues',
      'source-layer': 'issues',
      filter: ['!', single],
      layout: { 'circle-sort-key': weight },
      paint: {
        'circle-radius': binRadius,
        'circle-color': theme.bin.fill,
        'circle-opacity': 0.78,
        'circle-stroke-color': theme.bin.outline,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'issue-bin-count',
      type: 'symbol',
      source: 'issues',
      'source-layer': 'issues',
      filter: ['!', single],
      layout: {
        'text-field': ['to-string', weight],
        'text-font': fonts,
        'text-size': 11,
        'text-allow-overlap': true,
        // As wide as most circles: names, placed after, look for room beside it.
        'text-padding': 8,
        'symbol-sort-key': weight,
      },
      paint: { 'text-color': theme.bin.text },
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
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 14, 3.2, 18, 7],
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
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 14, 0.8, 18, 1.5],
      },
    },
  ];
}
