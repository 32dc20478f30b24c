/** Keeps the map in step with the desk: only what changed is sent to it. */
import { effect, untracked } from '@preact/signals';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { GridMap } from '../../map/map';
import { deskAt } from '../../state/app';
import { info } from '../../state/data';
import { gridMap, mapOverlay } from '../../state/mapHandle';
import { isNarrow, mapTheme } from '../../state/screen';
import type { LayerName } from '../../state/view';
import type { Bbox, LonLat } from '../api/types';
import { difference, type Laid } from '../model/laid';
import { bboxOf, inBox } from '../model/plane';
import { laid, lookAt, painted, store } from '../state/session';
import { blockFeature, cellFeature, labelFeature } from './features';
import { hatchImage, lockImage } from './images';
import { DESK_SOURCES, type DeskSource, deskLayers, HATCH, LOCK } from './layers';
import { Overlay } from './overlay';

const GROUND: readonly LayerName[] = ['water', 'roads', 'buildings'];

const NOTHING: Pick<Laid, 'cells' | 'blocks' | 'deviations'> = {
  cells: new Map(),
  blocks: new Map(),
  deviations: new Map(),
};

/** Widths of the desk's panels in pixels, as in the style sheet. */
const PANEL = 480;
const PANEL_TABLET = 400;
const WIDE = 1280;
const PHONE_BAR = 60;
/** Share of a phone's height below the bar. */
const PHONE_PANEL = 0.54;
const PALETTE = 118;

function covered() {
  if (isNarrow.value) return { top: 0, right: 54, bottom: (innerHeight - PHONE_BAR) * PHONE_PANEL, left: 72 };
  return { top: 24, right: innerWidth < WIDE ? PANEL_TABLET : PANEL, bottom: 24, left: PALETTE };
}

/** Takes the map over. Returns what gives it back. */
export function drawDesk(): () => void {
  let looking = '';
  const stops = [
    effect(() => {
      const tolerance = laid.value?.tolerance ?? 0.1;
      mapOverlay.value = {
        // Until a plan is open, the one in force is seen.
        keep: deskAt.value?.plan ? GROUND : [...GROUND, 'streets', 'communities', 'cells', 'labels'],
        sources: DESK_SOURCES,
        layers: (theme, fonts) => deskLayers(theme, fonts, tolerance),
        covered,
      };
    }),
    effect(() => {
      const map = gridMap.value;
      return map ? untracked(() => follow(map)) : undefined;
    }),
    // Whoever is to choose a plan sees the street that it is of.
    effect(() => {
      const [map, at] = [gridMap.value, deskAt.value];
      const street = info.value.data?.streets.find(({ code }) => code === at?.street);
      if (!map || !street || at?.plan !== null || street.code === looking) return;
      looking = street.code;
      untracked(() => {
        if (!looksInto(map, street.bbox as Bbox)) map.fit(street.bbox as Bbox, false);
      });
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
    if (!stop && map.getSource('desk-labels')) stop = attach(grid);
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
  const overlay = new Overlay(map);
  let drawn = NOTHING;
  let placed = false;
  let turn = 0;
  const addImage = (name: string, image: ImageData, pixelRatio: number) => {
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio });
  };
  const stops = [
    effect(() => {
      addImage(HATCH, hatchImage(mapTheme.value), 1);
      addImage(LOCK, lockImage(mapTheme.value), 2);
    }),
    effect(() => {
      const now = laid.value ?? NOTHING;
      const cells = difference(drawn.cells, now.cells);
      const blocks = difference(drawn.blocks, now.blocks);
      const first = drawn.cells.size === 0;
      drawn = now;
      for (const code of cells.gone) map.removeFeatureState({ source: 'desk-cells', id: code });
      // A row that is put anew keeps its state: it belongs to the code.
      for (const code of now.cells.keys()) {
        map.setFeatureState({ source: 'desk-cells', id: code }, { deviation: now.deviations.get(code) ?? null });
      }
      const sent: (Promise<void> | undefined)[] = [];
      if (cells.put.length || cells.gone.length) {
        sent.push(
          source('desk-cells')?.updateData({ remove: cells.gone, add: cells.put.map(cellFeature) }),
          source('desk-labels')?.updateData({ remove: cells.gone, add: cells.put.map(labelFeature) }),
        );
      }
      if (blocks.put.length || blocks.gone.length) {
        sent.push(source('desk-blocks')?.updateData({ remove: blocks.gone, add: blocks.put.map(blockFeature) }));
      }
      turn += 1;
      const mine = turn;
      const open = store.peek();
      if (!first) {
        overlay.show({ cells: cells.put, blocks: blocks.put }, () => open?.drawn());
        painted.value = new Set();
      }
      void Promise.all(sent).then(() =>
        afterTiles(map, () => {
          if (mine === turn) overlay.settle();
          open?.settled();
        }),
      );
      if (now.cells.size && !placed) {
        placed = true;
        const box = boxOf(now);
        if (!looksInto(grid, box)) grid.fit(box, false);
      }
    }),
    effect(() => {
      const target = lookAt.value;
      if (target) grid.reveal(target.at[0], target.at[1]);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    overlay.remove();
  };
}

/** Once the tiles are cut anew from the data sent, and drawn. */
function afterTiles(map: MapLibre, done: () => void) {
  const look = () => {
    const there = (Object.keys(DESK_SOURCES) as DeskSource[]).every(
      (name) => !map.getSource(name) || map.isSourceLoaded(name),
    );
    if (there) done();
    else again();
  };
  const again = () => {
    map.once('render', look);
    map.triggerRepaint();
  };
  again();
}

function boxOf({ cells }: Pick<Laid, 'cells'>): Bbox {
  const corners = [...cells.values()].flatMap(({ bbox }): LonLat[] =>
    bbox
      ? [
          [bbox[0], bbox[1]],
          [bbox[2], bbox[3]],
        ]
      : [],
  );
  return bboxOf(corners);
}

/** A camera that looks at a part of the street is kept: a link's, or where one was before. */
function looksInto({ map }: GridMap, box: Bbox): boolean {
  const { top, right, bottom, left } = covered();
  const whole = map.cameraForBounds(box, { padding: { top, right, bottom, left } });
  const { lng, lat } = map.getCenter();
  return map.getZoom() > (whole?.zoom ?? 0) + 0.8 && inBox([lng, lat], box);
}
