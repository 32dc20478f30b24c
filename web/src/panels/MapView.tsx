/** Puts the map on the page and keeps it in step with the state. */
import { effect, untracked } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { DeskHandle } from '../desk/state/handle';
import { t } from '../i18n';
import { type Covered, GridMap } from '../map/map';
import { buildStyle } from '../map/style';
import { asOf, camera, isOn, issueParams, layers, say, selection } from '../state/app';
import { attribution, detail, info, missed, shade, totals } from '../state/data';
import { gridMap, mapFailed, mapOverlay, tilesFailed } from '../state/mapHandle';
import { isNarrow, mapTheme, sheet } from '../state/screen';
import { routes, selectPoint } from './mapClicks';

declare global {
  interface Window {
    /** For tests and for the curious: the MapLibre map. */
    wangge?: { map: GridMap['map']; desk?: DeskHandle };
  }
}

/** The part of a phone's height that a sheet and the bar below it take, and the bar's own height in pixels. */
const SHEET = 0.56;
const TABBAR = 64;

/** How long nothing more is said of a backdrop that fails. */
const BACKDROP_QUIET_MS = 30_000;

/** Where panels lie over the map, so that what is flown to is not behind them. */
function covered(): Covered {
  if (mapOverlay.value) return mapOverlay.value.covered();
  if (isNarrow.value)
    return { top: 64, right: 0, left: 0, bottom: sheet.value || selection.value ? innerHeight * SHEET : TABBAR };
  return { top: 64, right: 324, left: 364, bottom: 24 };
}

function currentStyle() {
  const data = info.value.data;
  const what = selection.value;
  return buildStyle({
    theme: mapTheme.value,
    backdrop: isOn('backdrop') ? data?.backdrop : null,
    layers: mapOverlay.value?.keep ?? layers.value,
    overlay: mapOverlay.value,
    shading: shade.value,
    issueTotal: totals.value?.total ?? data?.issues.total ?? 0,
    selected: what ? (detail.value.data?.area?.code ?? (what.kind === 'area' ? what.code : null)) : null,
    householdText: {
      unit: ` ${t('unit.households')}`,
      estimatedStreets: (data?.streets ?? []).filter((street) => street.estimated).map((street) => street.code),
    },
    day: asOf.value,
    issueParams: issueParams.value,
    households: data?.households_layer ?? false,
    bounds: data?.bounds ?? null,
    attribution: attribution.value.data ?? '',
  });
}

function mount(container: HTMLElement): () => void {
  let map: GridMap;
  let quietUntil = 0;
  try {
    map = new GridMap(
      container,
      untracked(currentStyle),
      {
        moved: (next) => {
          camera.value = next;
        },
        failed: () => {
          tilesFailed.value = true;
        },
        backdropFailed: () => {
          // A view has dozens of tiles; one word is enough.
          if (performance.now() < quietUntil) return;
          quietUntil = performance.now() + BACKDROP_QUIET_MS;
          say(t('backdrop.failed'), true);
        },
        healed: () => {
          tilesFailed.value = false;
        },
        routes: routes(),
        elsewhere: (at) => selectPoint(at.lng, at.lat, null),
      },
      covered,
    );
  } catch {
    mapFailed.value = true;
    return () => {};
  }
  const start = untracked(() => camera.value);
  if (start) map.jumpTo(start);
  gridMap.value = map;
  window.wangge = { map: map.map };
  let placed = start !== null;
  let missedBefore = missed.peek();
  let sheetOpen = untracked(() => isNarrow.value && sheet.value !== null);
  const stops = [
    effect(() => map.show(currentStyle())),
    effect(() => map.label(t('map.label'))),
    effect(() => map.listen(mapOverlay.value === null)),
    effect(() => {
      const bounds = info.value.data?.bounds;
      if (placed || !bounds) return;
      placed = true;
      untracked(() => map.fit(bounds, false));
    }),
    effect(() => {
      if (missed.value === missedBefore) return;
      missedBefore = missed.value;
      map.refresh();
    }),
    // What was in the middle stays in the middle of what a sheet leaves free.
    effect(() => {
      const open = isNarrow.value && sheet.value !== null;
      if (open === sheetOpen) return;
      sheetOpen = open;
      if (untracked(() => selection.value)) return;
      map.shift((open ? 0.5 : -0.5) * (SHEET * innerHeight - TABBAR));
    }),
    effect(() => {
      const answer = detail.value.data;
      const what = selection.value;
      const at = what?.kind === 'point' ? what : what?.kind === 'issue' ? answer?.issue : null;
      map.mark(at ?? null);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    gridMap.value = null;
    map.remove();
  };
}

export function MapView() {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => (container.current ? mount(container.current) : undefined), []);
  return (
    <div class="map-frame">
      <div ref={container} class="map" />
      <div class="crosshair" aria-hidden="true" />
    </div>
  );
}
