/** The desk's answers and commands. Coordinates are degrees, longitude first, exact to 1e-7. */

export type LonLat = [lon: number, lat: number];
export type PolygonCoordinates = LonLat[][];
export type MultiPolygonCoordinates = LonLat[][][];
export type Bbox = [west: number, south: number, east: number, north: number];

export interface Balance {
  /** Households of a basic cell on average. */
  mean: number;
  /** Largest deviation, as a share of the mean. */
  largest: number;
  /** Mean of the absolute deviations, as a share. */
  average: number;
  /** Cells beyond the tolerance. */
  beyond: number;
}

export interface PlanSummary {
  id: number;
  name: string;
  state: 'draft' | 'published' | 'superseded';
  valid_from?: string | null;
  valid_to?: string | null;
  created_at: string;
  owner?: string | null;
  base?: number | null;
  revision: number;
  cells: number;
  communities: number;
  groups: number;
  households: number;
  balance: Balance;
}

export interface CellRow {
  code: string;
  name: string;
  kind: 'basic' | 'dedicated';
  locked: boolean;
  community: string | null;
  households: number;
  persons: number | null;
  area_m2: number;
  /** Polsby-Popper, 0 to 1. */
  compactness: number;
  groups: number;
  /** Issues per 30 days, the mean of a year. */
  issues_month: number;
  /** Share of the mean of basic cells, signed. */
  deviation: number | null;
  neighbours: string[];
  /** A cell without ground has neither. */
  label: LonLat | null;
  bbox: Bbox | null;
  geometry: MultiPolygonCoordinates;
}

export interface BlockRow {
  id: number;
  cell: string;
  households: number;
  /** Somewhere inside. */
  at: LonLat | null;
  geometry: PolygonCoordinates;
}

export type ProblemKind = 'unbalanced' | 'in_pieces' | 'thin' | 'empty' | 'odd_groups' | 'outside_households';

export interface Problem {
  kind: ProblemKind;
  cell?: string | null;
  value?: number | null;
  at: LonLat | null;
}

/** A step that can be undone or redone. */
export interface Step {
  number: number;
  op: string;
  who?: string | null;
  at: string;
}

export interface Community {
  code: string;
  name: string;
}

export interface Desk {
  plan: PlanSummary;
  tolerance: number;
  editable: boolean;
  communities: Community[];
  cells: CellRow[];
  blocks: BlockRow[];
  problems: Problem[];
  undo: Step | null;
  redo: Step | null;
}

export interface Changed {
  revision: number;
  blocks: BlockRow[];
  removed_blocks: number[];
  cells: CellRow[];
  removed_cells: string[];
  /** All of them, when they changed. */
  communities?: Community[] | null;
  /** Of all basic cells: the mean moves. */
  deviations: Record<string, number>;
  balance: Balance;
  problems: Problem[];
  undo: Step | null;
  redo: Step | null;
}

/** To a request that was sent before, and done: in short. */
export interface Replayed {
  number: number;
  revision: number;
  op: string;
  replayed: true;
}

export interface Answer {
  number: number;
  revision: number;
  /** Somebody else's steps came between, and touched other cells. */
  merged: boolean;
  op: string;
  changed: Changed;
  balance: { before: Balance; after: Balance };
  moved: { households: number; groups_changed: number };
  warnings: { code: string; message: string; at?: LonLat | null }[];
  problems: Problem[];
  undo: Step | null;
  redo: Step | null;
}

export interface LogLine {
  number: number;
  at: string;
  who?: string | null;
  why?: string | null;
  command: { op: string } & Record<string, unknown>;
  standing: 'done' | 'undone' | 'dropped';
  /** Steps of an older server have none. */
  summary?: { cells: string[]; households_moved: number; groups_changed: number } | null;
}

export type Command =
  | { op: 'assign'; blocks: number[]; to: string }
  | { op: 'split'; cell: string; line: LonLat[]; cut_blocks: boolean; name?: string }
  | { op: 'halve'; cell: string; name?: string }
  | { op: 'merge'; cells: string[]; into: string }
  | { op: 'move_vertex'; from: LonLat; to: LonLat }
  | { op: 'insert_vertex'; edge: [LonLat, LonLat]; at: LonLat }
  | { op: 'delete_vertex'; at: LonLat }
  | { op: 'pull'; cells: [string, string]; reach_m: number }
  | { op: 'rename'; code: string; name: string }
  | { op: 'recode'; cell: string; to: string }
  | { op: 'set_kind'; cell: string; kind: CellRow['kind'] }
  | { op: 'lock' | 'unlock'; codes: string[] }
  | { op: 'replan'; codes: string[]; churn?: number }
  | { op: 'regroup'; cell: string };
