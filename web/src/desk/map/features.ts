/** Rows as GeoJSON features. */
import type { BlockRow, CellRow } from '../api/types';

type Feature = GeoJSON.Feature;

export const cellFeature = ({ code, kind, locked, community, geometry }: CellRow): Feature => ({
  type: 'Feature',
  properties: { code, kind, locked, community },
  geometry: { type: 'MultiPolygon', coordinates: geometry },
});

export const labelFeature = ({ code, name, households, locked, label }: CellRow): Feature => ({
  type: 'Feature',
  properties: { code, name: name || code, households, locked },
  geometry: label ? { type: 'Point', coordinates: label } : { type: 'MultiPoint', coordinates: [] },
});

export const blockFeature = ({ id, cell, households, geometry }: BlockRow): Feature => ({
  type: 'Feature',
  properties: { id, cell, households },
  geometry: { type: 'Polygon', coordinates: geometry },
});
