/** Keeps the map in step with the desk: only what changed is sent to it. */
import { effect } from '@preact/signals';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { GridMap } from '../../map/map';
import { gridMap, mapOverlay } from '../../state/mapHandle';
import { isNarrow, mapTheme } from '../../state/screen';
import { difference, type Laid } from '../model/laid';
import {
  ghosts,
  hovered,
  laid,
  lookAt,
  neighbour,
  painted,
  selected,
  shownBlock,
  sketch,
  store,
} from '../state/session';
import { blockFeature, cellFeature, labelFeature, markFeatures, sketchFeatures } from './features';
import { DESK_SOURCES, type DeskSource, deskLayers, HATCH, hatchImage } from './layers';

const NOTHING: Pick<Laid, 'cells' | 'blocks' | 'deviations'> = {
  cells: new Map(),
  blocks: new Map(),
  deviations: new Map(),
};

/** Widths of the desk's panels in pixels, as in the style sheet. */
const PANEL = 430;
const PALETTE = 64;

function covered() {
  if (isNarrow.value) return { top: 64, right: 0, bottom: innerHeight * 0.45, left: 56 };
  return { top: 24, right: PANEL, bottom: 24, left: PALETTE };
}

/** Takes the map over. Returns what gives it back. */
export function drawDesk(): () => void {
  const stops = [
    effect(() => {
      const tolerance = laid.value?.tolerance ?? 0.1;
      mapOverlay.value = {
        keep: ['water', 'roads', 'buildings'],
        sources: DESK_SOURCES,
        layers: (theme, fonts) => deskLayers(theme, fonts, tolerance),
        covered,
      };
    }),
    effect(() => {
      const map = gridMap.value;
      return map ? follow(map) : undefined;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    mapOverlay.value = null;
  };
}

/** The sources are there once the style is; until then there is nothing to draw to. */
function follow(grid: GridMap): () => void {
  const { map } = grid;
  let stop: (() => void) | null = null;
  const begin = () => {
    if (!stop && map.getSource('desk-sketch')) stop = attach(grid);
  };
  begin();
  if (!stop) map.on('styledata', begin);
  return () => {
    map.off('styledata', begin);
    stop?.();
  };
}

function attach(grid: GridMap): () => void {
  const { map } = grid;
  const source = (name: DeskSource) => map.getSource<GeoJSONSource>(name);
  let drawn = NOTHING;
  let placed = false;
  const addHatch = () => {
    const image = hatchImage(mapTheme.peek());
    if (map.hasImage(HATCH)) map.updateImage(HATCH, image);
    else map.addImage(HATCH, image);
  };
  const stops = [
    effect(() => {
      void mapTheme.value;
      addHatch();
    }),
    effect(() => {
      const now = laid.value ?? NOTHING;
      const cells = difference(drawn.cells, now.cells);
      const blocks = difference(drawn.blocks, now.blocks);
      drawn = now;
      const sent: Promise<void>[] = [];
      if (cells.put.length || cells.gone.length) {
        for (const [name, feature] of [
          ['desk-cells', cellFeature],
          ['desk-labels', labelFeature],
        ] as const) {
          const done = source(name)?.updateData({ remove: cells.gone, add: cells.put.map(feature) });
          if (done) sent.push(done);
        }
      }
      if (blocks.put.length || blocks.gone.length) {
        const done = source('desk-blocks')?.updateData({ remove: blocks.gone, add: blocks.put.map(blockFeature) });
        if (done) sent.push(done);
      }
      for (const code of cells.gone) map.removeFeatureState({ source: 'desk-cells', id: code });
      // A row that is put anew keeps its state: it belongs to the code.
      for (const code of now.cells.keys()) {
        map.setFeatureState({ source: 'desk-cells', id: code }, { deviation: now.deviations.get(code) ?? null });
      }
      const outcome = store.peek()?.outcome;
      if (sent.length) void Promise.all(sent).then(() => afterDraw(map, () => outcome?.peek()));
      if (now.cells.size && !placed) {
        placed = true;
        if (!cameraFits(grid, now)) grid.fit(boxOf(now), false);
      }
    }),
    effect(() => {
      const refusal = store.value?.refusal.value;
      void source('desk-marks')?.setData(markFeatures(laid.value?.problems ?? [], refusal?.at ?? null));
    }),
    effect(() => void source('desk-sketch')?.setData(sketchFeatures(sketch.value))),
    flagged(map, 'desk-cells', 'hover', () => (hovered.value ? [hovered.value] : [])),
    flagged(map, 'desk-cells', 'selected', () => selected.value),
    flagged(map, 'desk-cells', 'ghost', () => ghosts.value),
    flagged(map, 'desk-cells', 'neighbour', () => (neighbour.value ? [neighbour.value] : [])),
    flagged(map, 'desk-blocks', 'painted', () => [...painted.value]),
    flagged(map, 'desk-blocks', 'shown', () => (shownBlock.value === null ? [] : [shownBlock.value])),
    effect(() => {
      const target = lookAt.value;
      if (target) grid.reveal(target.at[0], target.at[1]);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Keeps a flag on just the features named. */
function flagged(map: MapLibre, source: DeskSource, flag: string, ids: () => readonly (string | number)[]): () => void {
  let before = new Set<string | number>();
  return effect(() => {
    const now = new Set(ids());
    if (!map.getSource(source)) return;
    for (const id of before) if (!now.has(id)) map.setFeatureState({ source, id }, { [flag]: false });
    for (const id of now) if (!before.has(id)) map.setFeatureState({ source, id }, { [flag]: true });
    before = now;
  });
}

/** The tiles are cut anew after the data has come; what was painted meanwhile gives way to what is so. */
function afterDraw(
  map: MapLibre,
  outcome: () => { sent: number; timing: { drawn_ms: number | null } } | null | undefined,
) {
  const look = () => {
    if (!map.getSource('desk-cells') || !map.isSourceLoaded('desk-cells') || !map.isSourceLoaded('desk-blocks')) {
      map.once('render', look);
      map.triggerRepaint();
      return;
    }
    painted.value = new Set();
    const last = outcome();
    if (last && last.timing.drawn_ms === null) last.timing.drawn_ms = performance.now() - last.sent;
  };
  look();
}

function boxOf({ cells }: Pick<Laid, 'cells'>): [number, number, number, number] {
  const box: [number, number, number, number] = [180, 90, -180, -90];
  for (const { bbox } of cells.values()) {
    box[0] = Math.min(box[0], bbox[0]);
    box[1] = Math.min(box[1], bbox[1]);
    box[2] = Math.max(box[2], bbox[2]);
    box[3] = Math.max(box[3], bbox[3]);
  }
  return box;
}

/** A link's camera is kept as long as it shows some of the street. */
function cameraFits({ map }: GridMap, now: Pick<Laid, 'cells'>): boolean {
  const [west, south, east, north] = boxOf(now);
  const { lng, lat } = map.getCenter();
  return map.getZoom() > 11.5 && lng >= west && lng <= east && lat >= south && lat <= north;
}
