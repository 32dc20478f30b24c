/** One function a resource. */
import { getJson, type Params } from './client';
import type { AreaLevel, AreaSummary, Counts, Hit, Hotspots, Info, IssueDetail, Location } from './types';

export const fetchInfo = (signal?: AbortSignal) => getJson<Info>('/api/info', {}, signal);

export const fetchArea = (code: string, asOf: string | null, signal?: AbortSignal) =>
  getJson<AreaSummary>(`/api/areas/${encodeURIComponent(code)}`, { 'as-of': asOf }, signal);

export const fetchLocation = (lon: number, lat: number, asOf: string | null, signal?: AbortSignal) =>
  getJson<Location>('/api/locate', { lon, lat, 'as-of': asOf }, signal);

export const fetchIssue = (id: string, signal?: AbortSignal) =>
  getJson<IssueDetail>(`/api/issues/${encodeURIComponent(id)}`, {}, signal);

export const fetchCounts = (level: AreaLevel, filter: Params, signal?: AbortSignal) =>
  getJson<Counts>('/api/counts', { level, ...filter }, signal);

export const fetchHotspots = (
  level: Exclude<AreaLevel, 'street'>,
  measure: string,
  filter: Params,
  signal?: AbortSignal,
) => getJson<Hotspots>('/api/hotspots', { level, measure, ...filter }, signal);

export const fetchHits = (q: string, crs: string | null, asOf: string | null, signal?: AbortSignal) =>
  getJson<{ hits: Hit[] }>('/api/search', { q, limit: 8, crs, 'as-of': asOf }, signal);

/** Attribution of the base map, empty when nothing needs one. */
export async function fetchAttribution(signal?: AbortSignal): Promise<string> {
  const tileJson = await getJson<{ attribution?: string }>('/tiles/roads,water,buildings.json', {}, signal);
  return tileJson.attribution ?? '';
}
