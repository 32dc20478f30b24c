/** What a click on each kind of thing does, topmost kind first. */

import type { Route } from '../map/clickRouter';
import { AREA_FILL } from '../map/layers/grid';
import { SINGLE_ISSUES_ZOOM } from '../map/layers/issues';
import type { GridMap } from '../map/map';
import { selection } from '../state/app';
import { clicked } from '../state/clicked';

export function selectPoint(lon: number, lat: number, code: string | null) {
  selection.value = { kind: 'point', lon, lat, code };
}

const textOf = (value: unknown) => (typeof value === 'string' && value ? value : null);
const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);

export function routes(map: () => GridMap | null): Route[] {
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
      reach: 4,
      handle: (feature) => {
        const id = textOf(feature.properties.id);
        if (!id) return false;
        clicked.value = null;
        selection.value = { kind: 'issue', id };
        return true;
      },
    },
    {
      // A bin is many issues: go where they come apart.
      layers: ['issue-bins'],
      handle: (_, at) => {
        const target = map()?.map;
        if (!target) return false;
        target.easeTo({ center: at, zoom: Math.min(target.getZoom() + 2, SINGLE_ISSUES_ZOOM + 0.5) });
        return true;
      },
    },
    { layers: ['households'], reach: 3, handle: area('group_code') },
    {
      layers: ['buildings'],
      handle: (feature, at) => {
        const group = map()?.map.queryRenderedFeatures(map()?.map.project(at), {
          layers: map()?.map.getLayer('group-fill') ? ['group-fill'] : [],
        })[0];
        selectPoint(at.lng, at.lat, textOf(group?.properties.code));
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
