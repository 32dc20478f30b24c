/**
 * What a click on each kind of thing does, topmost kind first. Bins take none: far out they cover the map, and a click there asks
 * whose place it is.
 */

import type { Route } from '../map/clickRouter';
import { AREA_FILL } from '../map/layers/grid';
import { selection } from '../state/app';
import { clicked } from '../state/clicked';
import { gridMap } from '../state/mapHandle';

export function selectPoint(lon: number, lat: number, code: string | null) {
  selection.value = { kind: 'point', lon, lat, code };
  gridMap.value?.reveal(lon, lat);
}

const textOf = (value: unknown) => (typeof value === 'string' && value ? value : null);
const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);

/** From this zoom on, closed issues are as easy to hit as open ones. */
const CLOSED_EASY_ZOOM = 16;

const selectIssue: Route['handle'] = (feature, at) => {
  const id = textOf(feature.properties.id);
  if (!id) return false;
  clicked.value = null;
  selection.value = { kind: 'issue', id };
  gridMap.value?.reveal(at.lng, at.lat);
  return true;
};

export function routes(): Route[] {
  // Fingers are less exact than a mouse.
  const fat = matchMedia('(pointer: coarse)').matches;
  const area =
    (property: string): Route['handle'] =>
    (feature, at) => {
      clicked.value = null;
      selectPoint(at.lng, at.lat, textOf(feature.properties[property]));
      return true;
    };
  return [
    {
      layers: ['issue-points'],
      reach: fat ? 12 : 4,
      // Far out the many closed ones are specks between which hardly a click would pass: those want to be hit.
      handle: (feature, at) =>
        !(feature.properties.status === 'closed' && (gridMap.value?.map.getZoom() ?? 0) < CLOSED_EASY_ZOOM) &&
        selectIssue(feature, at),
    },
    { layers: ['issue-points'], reach: 1, handle: selectIssue },
    { layers: ['households'], reach: fat ? 6 : 3, handle: area('group_code') },
    {
      layers: ['buildings'],
      handle: (feature, at) => {
        const map = gridMap.value?.map;
        const group =
          map?.getLayer('group-fill') && map.queryRenderedFeatures(map.project(at), { layers: ['group-fill'] })[0];
        selectPoint(at.lng, at.lat, group ? textOf(group.properties.code) : null);
        clicked.value = {
          lon: at.lng,
          lat: at.lat,
          name: textOf(feature.properties.name),
          kind: textOf(feature.properties.kind),
          levels: numberOf(feature.properties.levels),
          households: numberOf(feature.properties.households),
        };
        return true;
      },
    },
    { layers: ['group-fill'], handle: area('code') },
    { layers: [AREA_FILL.cell], handle: area('code') },
    { layers: [AREA_FILL.community], handle: area('code') },
    { layers: [AREA_FILL.street], handle: area('code') },
  ];
}
