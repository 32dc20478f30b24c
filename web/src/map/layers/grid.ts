/** The three levels, groups, households, and what marks the area under the pointer or selected. */
import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SymbolLayerSpecification,
} from 'maplibre-gl';
import type { AreaLevel } from '../../api/types';
import { zh } from '../../i18n/zh';
import type { Shading } from '../../state/choropleth';
import type { MapTheme } from '../themes/theme';
import { byZoom } from './base';

/** Zoom from which a level is drawn; further out its areas would be a blur. */
export const LEVEL_MINZOOM: Record<AreaLevel, number> = { street: 0, community: 10, cell: 12.5 };

/** Zooms from which groups and single households are drawn. */
export const GROUPS_ZOOM = 15;
export const HOUSEHOLDS_ZOOM = 15.5;

const SOURCE_LAYER: Record<AreaLevel, string> = { street: 'streets', community: 'communities', cell: 'cells' };
export const AREA_FILL: Record<AreaLevel, string> = {
  street: 'street-fill',
  community: 'community-fill',
  cell: 'cell-fill',
};

/** The last three digits of a code number it within its parent; neighbours in number differ in colour. */
function byNumber(colours: readonly string[]): ExpressionSpecification {
  const number: ExpressionSpecification = ['%', ['to-number', ['slice', ['get', 'code'], -3]], colours.length];
  const cases = colours.flatMap((colour, index) => [index, colour]);
  return ['match', number, ...cases, colours[0] ?? '#888888'] as unknown as ExpressionSpecification;
}

/** Invisible fills: the click and hover targets. The communities' shows their tint, unless another colour has something to say. */
export function areaFillLayers(theme: MapTheme, tinted: boolean): LayerSpecification[] {
  const tint = tinted ? theme.communityOpacity : 0;
  const hovered: ExpressionSpecification = ['boolean', ['feature-state', 'hover'], false];
  return [
    {
      id: AREA_FILL.street,
      type: 'fill',
      source: 'grid',
      'source-layer': SOURCE_LAYER.street,
      paint: { 'fill-color': theme.hover, 'fill-opacity': ['case', hovered, 0.08, 0.02] },
    },
    {
      id: AREA_FILL.community,
      type: 'fill',
      source: 'grid',
      'source-layer': SOURCE_LAYER.community,
      minzoom: LEVEL_MINZOOM.community,
      paint: {
        'fill-color': byNumber(theme.community),
        'fill-opacity': ['case', hovered, tint + 0.12, tint],
      },
    },
    {
      id: AREA_FILL.cell,
      type: 'fill',
      source: 'grid',
      'source-layer': SOURCE_LAYER.cell,
      minzoom: LEVEL_MINZOOM.cell,
      paint: { 'fill-color': theme.hover, 'fill-opacity': ['case', hovered, 0.08, 0] },
    },
  ];
}

/** One fill of the level chosen; areas nobody counted stay clear. */
export function choroplethLayer(theme: MapTheme, { level, scale, classes }: Shading): LayerSpecification {
  const none = 'rgba(0, 0, 0, 0)';
  const cases = classes.flatMap(({ codes, colour }) => (codes.length ? [codes, theme[scale][colour] ?? none] : []));
  return {
    id: `choropleth-${level}`,
    type: 'fill',
    source: 'grid',
    'source-layer': SOURCE_LAYER[level],
    paint: {
      'fill-color': cases.length
        ? (['match', ['get', 'code'], ...cases, none] as unknown as ExpressionSpecification)
        : none,
      'fill-opacity': [
        'interpolate',
        ['linear'],
        ['zoom'],
        13,
        theme.choroplethOpacity,
        16,
        theme.choroplethOpacity * 0.7,
      ],
    },
  };
}

const WIDTHS: Record<AreaLevel, [number, number][]> = {
  street: [
    [8, 1.2],
    [13, 3],
    [18, 6],
  ],
  community: [
    [10, 0.8],
    [14, 2],
    [18, 4],
  ],
  cell: [
    [12, 0.5],
    [14, 1],
    [18, 2.4],
  ],
};

export function edgeLayers(theme: MapTheme, levels: readonly AreaLevel[]): LayerSpecification[] {
  return (['cell', 'community', 'street'] as const)
    .filter((level) => levels.includes(level))
    .flatMap((level): LayerSpecification[] => {
      // An edge carries the coarsest level it separates, and separates all finer ones as well.
      const separates: Record<AreaLevel, string[]> = {
        street: ['street'],
        community: levels.includes('street') ? ['community'] : ['community', 'street'],
        cell: ['cell', 'community', 'street'].filter((l) => l === 'cell' || !levels.includes(l as AreaLevel)),
      };
      const filter: FilterSpecification = ['in', ['get', 'level'], ['literal', separates[level]]];
      const common = {
        type: 'line',
        source: 'grid',
        'source-layer': 'edges',
        minzoom: LEVEL_MINZOOM[level],
        filter,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
      } as const;
      const line: LayerSpecification = {
        ...common,
        id: `edge-${level}`,
        paint: { 'line-color': theme.edge[level], 'line-width': byZoom(WIDTHS[level]) },
      };
      if (level === 'cell') return [line];
      const casing: LayerSpecification = {
        ...common,
        id: `edge-${level}-casing`,
        paint: {
          'line-color': theme.edge.casing,
          'line-opacity': 0.7,
          'line-width': byZoom(WIDTHS[level].map(([z, w]) => [z, w + 2])),
        },
      };
      return [casing, line];
    });
}

/** Nearly clear, because a tower's groups lie one upon another. */
export function groupLayers(theme: MapTheme): LayerSpecification[] {
  const hovered: ExpressionSpecification = ['boolean', ['feature-state', 'hover'], false];
  return [
    {
      id: 'group-fill',
      type: 'fill',
      source: 'grid',
      'source-layer': 'groups',
      minzoom: GROUPS_ZOOM,
      paint: { 'fill-color': theme.group.fill, 'fill-opacity': ['case', hovered, 0.28, 0.04] },
    },
    {
      id: 'group-line',
      type: 'line',
      source: 'grid',
      'source-layer': 'groups',
      minzoom: GROUPS_ZOOM,
      paint: { 'line-color': theme.group.outline, 'line-width': 1, 'line-opacity': 0.7 },
    },
  ];
}

export function householdLayers(theme: MapTheme): LayerSpecification[] {
  const head: ExpressionSpecification = ['boolean', ['get', 'is_head'], false];
  return [
    {
      id: 'households',
      type: 'circle',
      source: 'households',
      'source-layer': 'households',
      minzoom: HOUSEHOLDS_ZOOM,
      layout: { 'circle-sort-key': ['case', head, 1, 0] },
      paint: {
        'circle-radius': [
          'interpolate',
          ['linear'],
          ['zoom'],
          15.5,
          ['case', head, 2.6, 1.5],
          18,
          ['case', head, 6, 4],
        ],
        'circle-color': ['case', head, theme.household.head, theme.household.member],
        'circle-stroke-color': theme.household.outline,
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 15.5, 0.4, 18, 1],
      },
    },
  ];
}

/** Outlines whichever area has the code; at most one of the four has it. */
export function selectionLayers(theme: MapTheme, code: string | null): LayerSpecification[] {
  if (!code) return [];
  return ['streets', 'communities', 'cells', 'groups'].flatMap((sourceLayer): LayerSpecification[] => {
    const common = {
      source: 'grid',
      'source-layer': sourceLayer,
      filter: ['==', ['get', 'code'], code] as FilterSpecification,
    };
    return [
      {
        ...common,
        id: `selected-${sourceLayer}-fill`,
        type: 'fill',
        paint: { 'fill-color': theme.selected, 'fill-opacity': 0.08 },
      },
      {
        ...common,
        id: `selected-${sourceLayer}-casing`,
        type: 'line',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': theme.selectedCasing, 'line-width': 6, 'line-opacity': 0.9 },
      },
      {
        ...common,
        id: `selected-${sourceLayer}`,
        type: 'line',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': theme.selected, 'line-width': 3 },
      },
    ];
  });
}

/** A name steps aside for a bin's count where there is room; near the ground it is shown in any case. */
const BESIDE: SymbolLayerSpecification['layout'] = {
  'text-variable-anchor': ['center', 'bottom', 'top', 'left', 'right'],
  'text-radial-offset': 1.3,
  'text-overlap': ['step', ['zoom'], 'never', 13, 'always'],
};

/** Zooms between which communities are named, from where tiles bring their labels; streets are named before. */
const COMMUNITY_LABEL_START = 12;
const COMMUNITY_LABEL_END = 16.5;

/** Planned cells are called after their community: `short` leaves it out, `lines` gives it a line of its own. */
export function shortNames(name: ExpressionSpecification): Record<'short' | 'lines', ExpressionSpecification> {
  // The plan names areas in Chinese, whatever language the app speaks.
  const community = zh['level.community'];
  const end: ExpressionSpecification = ['+', ['index-of', community, name], community.length];
  const own: ExpressionSpecification = ['slice', name, end];
  const named: ExpressionSpecification = [
    'all',
    ['>=', ['index-of', community, name], 0],
    ['>', ['length', name], end],
  ];
  return {
    short: ['case', named, own, name],
    lines: ['case', named, ['concat', ['slice', name, 0, end], '\n', own], name],
  };
}

/** How a number of households is written. */
export interface HouseholdText {
  unit: string;
  /** Codes of the streets whose households are estimated: their numbers are marked so. */
  estimatedStreets: readonly string[];
}

function householdCount({ unit, estimatedStreets }: HouseholdText): ExpressionSpecification {
  const count: ExpressionSpecification = ['to-string', ['get', 'households']];
  if (estimatedStreets.length === 0) return ['concat', count, unit];
  const estimated: ExpressionSpecification = [
    'any',
    ...estimatedStreets.map(
      (code): ExpressionSpecification => ['==', ['slice', ['get', 'code'], 0, code.length], code],
    ),
  ];
  return ['concat', ['case', estimated, '≈ ', ''], count, unit];
}

/** Labels stand on the `labels` points: a polygon's own label would repeat in every tile. */
export function areaLabelLayers(
  theme: MapTheme,
  fonts: string[],
  levels: readonly AreaLevel[],
  households: HouseholdText,
): LayerSpecification[] {
  const name: ExpressionSpecification = [
    'case',
    ['==', ['coalesce', ['get', 'name'], ''], ''],
    ['get', 'code'],
    ['get', 'name'],
  ];
  const inCommunity = shortNames(name);
  const label = (
    level: AreaLevel,
    minzoom: number,
    maxzoom: number,
    size: ExpressionSpecification | number,
    text: ExpressionSpecification,
  ): LayerSpecification => ({
    id: `label-${level}`,
    type: 'symbol',
    source: 'grid',
    'source-layer': 'labels',
    minzoom,
    maxzoom,
    filter: ['==', ['get', 'level'], level],
    layout: {
      'text-field': text,
      'text-font': fonts,
      'text-size': size,
      'text-max-width': 10,
      'text-line-height': 1.25,
      'text-padding': 6,
      'symbol-sort-key': ['-', 0, ['coalesce', ['get', 'households'], 0]],
      ...(level === 'cell' ? {} : BESIDE),
    },
    paint: { 'text-color': theme.label[level], 'text-halo-color': theme.label.halo, 'text-halo-width': 1.8 },
  });
  const withHouseholds = (text: ExpressionSpecification): ExpressionSpecification => [
    'format',
    text,
    {},
    '\n',
    {},
    householdCount(households),
    { 'font-scale': 0.85 },
  ];
  // As long as the community's own label is there, a cell need not repeat it.
  const cellText: ExpressionSpecification = levels.includes('community')
    ? ['step', ['zoom'], withHouseholds(inCommunity.short), COMMUNITY_LABEL_END, withHouseholds(inCommunity.lines)]
    : withHouseholds(inCommunity.lines);
  const layers = {
    cell: label('cell', 14, 24, ['interpolate', ['linear'], ['zoom'], 14, 11, 17, 14], cellText),
    community: label(
      'community',
      COMMUNITY_LABEL_START,
      COMMUNITY_LABEL_END,
      ['interpolate', ['linear'], ['zoom'], 11.5, 12, 15, 16],
      name,
    ),
    street: label(
      'street',
      6,
      levels.includes('community') ? COMMUNITY_LABEL_START : 13,
      ['interpolate', ['linear'], ['zoom'], 8, 12, 12, 18],
      name,
    ),
  };
  return (['cell', 'community', 'street'] as const).filter((l) => levels.includes(l)).map((l) => layers[l]);
}
