/** Rows as GeoJSON features. */
import type { BlockRow, CellRow, LonLat, Problem } from '../api/types';
import type { Sketch } from '../state/session';

type Feature = GeoJSON.Feature;

export const cellFeature = ({ code, kind, locked, community, geometry }: CellRow): Feature => ({
  type: 'Feature',
  properties: { code, kind, locked, community },
  geometry: { type: 'MultiPolygon', coordinates: geometry },
});

export const labelFeature = ({ code, name, households, locked, label }: CellRow): Feature => ({
  type: 'Feature',
  properties: { code, name: name || code, households, locked },
  geometry: { type: 'Point', coordinates: label },
});

export const blockFeature = ({ id, cell, households, geometry }: BlockRow): Feature => ({
  type: 'Feature',
  properties: { id, cell, households },
  geometry: { type: 'Polygon', coordinates: geometry },
});

/** Problems marked on the map: those a place tells more of than the table does. */
export function markFeatures(problems: readonly Problem[], refusedAt: LonLat | null): GeoJSON.FeatureCollection {
  const mark = (kind: string, at: LonLat): Feature => ({
    type: 'Feature',
    properties: { kind },
    geometry: { type: 'Point', coordinates: at },
  });
  return {
    type: 'FeatureCollection',
    features: [...problems.map(({ kind, at }) => mark(kind, at)), ...(refusedAt ? [mark('refused', refusedAt)] : [])],
  };
}

export const sketchFeatures = (sketch: readonly Sketch[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features: sketch.map(({ role, geometry }) => ({ type: 'Feature', properties: { role }, geometry })),
});
