/**
 * The desk's answers and commands by the names it uses, from the types generated out of `openapi.json`. Where the document says
 * "numbers" or "string" but a place or a known word is meant, it is named here. Coordinates are degrees, longitude first, exact to 1e-7.
 */
import type { components } from '../../api/schema';

type Schemas = components['schemas'];

export type LonLat = [lon: number, lat: number];
export type PolygonCoordinates = LonLat[][];
export type MultiPolygonCoordinates = LonLat[][][];
export type Bbox = [west: number, south: number, east: number, north: number];

export type Balance = Schemas['Balance'];
export type Community = Schemas['CommunityRow'];
export type Step = Schemas['StepRow'];

export type PlanSummary = Omit<Schemas['PlanSummary'], 'state'> & { state: 'draft' | 'published' | 'superseded' };

export type CellKind = 'basic' | 'dedicated';
export type CellRow = Omit<Schemas['CellRow'], 'kind' | 'label' | 'bbox' | 'geometry'> & {
  kind: CellKind;
  /** A cell without ground has neither. */
  label: LonLat | null;
  bbox: Bbox | null;
  geometry: MultiPolygonCoordinates;
};

export type BlockRow = Omit<Schemas['BlockRow'], 'at' | 'geometry'> & {
  /** Somewhere inside. */
  at: LonLat | null;
  geometry: PolygonCoordinates;
};

export type Problem = Omit<Schemas['ProblemRow'], 'at'> & { at: LonLat | null };

interface Laying {
  cells: CellRow[];
  blocks: BlockRow[];
  problems: Problem[];
}

export type Desk = Omit<Schemas['DeskView'], keyof Laying | 'plan'> & Laying & { plan: PlanSummary };
export type Changed = Omit<Schemas['Changed'], keyof Laying> & Laying;

/** What became of a command. `merged`: somebody else's steps came between, and touched other cells. */
export type Answer = Omit<Schemas['Answer'], 'changed' | 'problems'> & { changed: Changed };

/** To a request that was sent before, and done: in short. */
export interface Replayed {
  number: number;
  revision: number;
  op: string;
  replayed: true;
}

export type LogLine = Omit<Schemas['LogLine'], 'command' | 'summary' | 'standing'> & {
  command: { op: string } & Record<string, unknown>;
  standing: 'done' | 'undone' | 'dropped';
  summary?: { cells: string[]; households_moved: number; groups_changed: number } | null;
};

export type Command = Schemas['Command'];
