/**
 * The API's answers by the names the app uses, from the types generated out of `openapi.json` (`npm run types`). Where the
 * document says "string" but a known set of words is meant, the set is named here.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type IssueStatus = 'open' | 'in_progress' | 'closed';
export type AreaLevel = 'street' | 'community' | 'cell';
/** Degrees. The document says "numbers"; there are always four. */
export type Bbox = [west: number, south: number, east: number, north: number];

type Boxed<T extends { bbox?: unknown }> = Omit<T, 'bbox'> & { bbox: Bbox };

export type Hit = Omit<Schemas['Hit'], 'bbox'> & { bbox?: Bbox | null };
export type Place = Schemas['Place'];
export type Location = Schemas['Location'];
export type StreetInfo = Boxed<Schemas['StreetInfo']>;
export type AreaCount = Schemas['AreaCount'];
export type Counts = Schemas['Counts'];
export type AreaSummary = Boxed<Schemas['AreaSummary']>;
export type Info = Omit<Schemas['Info'], 'bounds' | 'streets'> & { bounds?: Bbox | null; streets: StreetInfo[] };
export type BackdropInfo = Schemas['BackdropInfo'];
export type Hotspots = Schemas['Hotspots'];
export type HotspotArea = Schemas['HotspotArea'];
export type StaleTiles = Omit<Schemas['StaleTiles'], 'boxes'> & { boxes: Bbox[] };
export type ChangeEvent = Omit<Schemas['ChangeEvent'], 'tiles'> & {
  tiles: StaleTiles[];
};
export type IssueDetail = Omit<Schemas['IssueDetail'], 'status'> & { status: IssueStatus };
