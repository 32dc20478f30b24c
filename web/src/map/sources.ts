/** Tile sources: which layers come together in a tile, and the URL that a filter and a day give. */
import type { SourceSpecification } from 'maplibre-gl';
import { type Params, queryText } from '../api/client';
import type { BackdropInfo, Bbox } from '../api/types';

/** The deepest tiles the server names; beyond it they are drawn larger: 4096 steps are 15 cm at this zoom. */
const MAX_ZOOM = 16;

export interface SourceState {
  day: string | null;
  issueParams: Params;
  households: boolean;
  bounds: Bbox | null;
  attribution: string;
  /** The picture behind the map, when there is one and it is wanted. */
  backdrop?: BackdropInfo | null;
}

type SourceName = 'base' | 'grid' | 'blocks' | 'households' | 'issues' | 'heat';

export const TILE_LAYERS: Record<SourceName, string> = {
  base: 'water,roads,buildings',
  grid: 'streets,communities,cells,edges,labels,groups',
  blocks: 'blocks',
  households: 'households',
  issues: 'issues',
  heat: 'heat',
};

/** The tile layers of a source of the style. */
export function layersOf(source: string): string[] {
  return Object.hasOwn(TILE_LAYERS, source) ? TILE_LAYERS[source as SourceName].split(',') : [];
}

export function tileUrl(source: SourceName, state: SourceState): string {
  const byDay = { 'as-of': state.day };
  const params = source === 'issues' || source === 'heat' ? { ...state.issueParams, ...byDay } : byDay;
  const query = source === 'base' ? '' : queryText(params);
  // Tiles are fetched in a worker, where a relative URL has no base.
  return `${location.origin}/tiles/${TILE_LAYERS[source]}/{z}/{x}/{y}${query ? `?${query}` : ''}`;
}

export function buildSources(state: SourceState): Record<string, SourceSpecification> {
  const names = (Object.keys(TILE_LAYERS) as SourceName[]).filter((name) => name !== 'households' || state.households);
  const sources = Object.fromEntries(
    names.map((name) => {
      const source: SourceSpecification = {
        type: 'vector',
        tiles: [tileUrl(name, state)],
        maxzoom: MAX_ZOOM,
        minzoom: name === 'households' ? 15 : name === 'blocks' ? 13 : 0,
      };
      if (state.bounds) source.bounds = padded(state.bounds);
      // An area keeps its code however it is tiled, so hover and selection hold across tiles and streets.
      if (name === 'grid') source.promoteId = { streets: 'code', communities: 'code', cells: 'code', groups: 'code' };
      if (name === 'base' && state.attribution) source.attribution = state.attribution;
      return [name, source];
    }),
  );
  return state.backdrop ? { backdrop: backdropSource(state.backdrop, state.bounds), ...sources } : sources;
}

/** The picture behind the map; the server fetches it, so the browser talks to no one else. */
export function backdropSource({ max_zoom }: BackdropInfo, bounds: Bbox | null): SourceSpecification {
  const tiles = [`${location.origin}/backdrop/{z}/{x}/{y}`];
  return { type: 'raster', tiles, tileSize: 256, maxzoom: max_zoom, ...(bounds && { bounds: padded(bounds) }) };
}

/** Roads, water and issues lie beyond the streets' border too: as far around as a screen shows when all streets fit. */
function padded([west, south, east, north]: Bbox): Bbox {
  const x = east - west + 0.01;
  const y = north - south + 0.01;
  return [Math.max(-180, west - x), Math.max(-85, south - y), Math.min(180, east + x), Math.min(85, north + y)];
}
