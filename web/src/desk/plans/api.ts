/** A street's plans as the server tells and changes them. Coordinates are degrees, longitude first; shares are of 1. */
import { getJson, getTagged, sendJson } from '../../api/client';

export type LonLat = [lon: number, lat: number];
export type MultiPolygonCoordinates = LonLat[][][];
export type MultiLineCoordinates = LonLat[][];

export interface Balance {
  /** Households of a basic cell on average. */
  mean: number;
  /** Largest deviation from the mean. */
  largest: number;
  /** Mean of the absolute deviations. */
  average: number;
  /** Cells beyond the tolerance. */
  beyond: number;
}

export interface PlanSummary {
  id: number;
  name: string;
  state: 'draft' | 'published' | 'superseded';
  valid_from?: string | null;
  /** The first day on which it is not in force any more. */
  valid_to?: string | null;
  created_at: string;
  owner?: string | null;
  /** The plan it was copied from, or replaced. */
  base?: number | null;
  revision: number;
  /** Its entity tag: the revision with state and days, so that a change of either is noticed. */
  tag: string;
  cells: number;
  communities: number;
  groups: number;
  households: number;
  balance: Balance;
}

export interface Warning {
  code: string;
  /** In English, or a cell and its figure. */
  message: string;
}

/** Households (and their open issues) that go from one cell to another. */
export interface Move {
  from: string;
  to: string;
  households: number;
  issues_open: number;
}

/** Another cell, the households shared with it, and their share of its own. */
export interface Kin {
  code: string;
  households: number;
  share: number;
}

export type LineageKind = 'same' | 'changed' | 'new' | 'split' | 'merged' | 'ended';

export interface Lineage {
  code: string;
  kind: LineageKind;
  /** Cells before, the largest share first; for a cell that ended those that have its households now. */
  from: Kin[];
}

export interface Preview {
  from: string;
  replaces?: number | null;
  /** The first day of a plan that comes after this one. */
  until?: string | null;
  cells: { same: number; changed: number; new: number; ended: number };
  lineage: Lineage[];
  moves: Move[];
  households_moved: number;
  groups: { kept: number; changed: number; new: number; ended: number };
  issues_open_moved: number;
  orders_moved: number;
  warnings: Warning[];
}

export interface MovedBuilding {
  at: LonLat;
  from: string;
  to: string;
  households: number;
}

export interface PlanDifference {
  only_a: MultiLineCoordinates;
  only_b: MultiLineCoordinates;
  moves: Move[];
  moved: MovedBuilding[];
  balance: { a: Balance; b: Balance };
}

/** What is drawn of a plan; the server's answer has more. */
export interface PlanPicture {
  plan: PlanSummary;
  tolerance: number;
  cells: PictureCell[];
}

export interface PictureCell {
  code: string;
  name: string;
  households: number;
  /** Signed share of the mean; absent for dedicated cells, which have no mean to keep. */
  deviation?: number | null;
  /** A cell without ground has none. */
  label: LonLat | null;
  geometry: MultiPolygonCoordinates;
}

export interface Variant {
  seed: number;
  /** How much balance weighs beside short and natural boundaries. */
  balance: number;
}

export interface PlanningWish {
  /** A draft that is planned anew, as a step that can be undone. */
  into?: number;
  base?: number;
  /** Cells and communities to plan anew; empty or absent: everything unlocked. */
  codes?: string[];
  cells?: number;
  communities?: number;
  /** Price of moving households to another cell; 0 for none. */
  churn?: number;
  variants: Variant[];
}

export interface PlanningScore {
  largest: number;
  average: number;
  compactness_mean: number;
  compactness_min: number;
  /** Share of the boundaries' length that runs along streets, water or rails. */
  along_share: number;
  cells: number;
  groups: number;
}

export interface PlannedCell {
  code: string;
  households: number;
  geometry: MultiPolygonCoordinates;
}

export interface PlanningResult {
  n: number;
  seed: number;
  balance_wish: number;
  stage: string;
  progress: number;
  done: boolean;
  /** Why there is no plan. */
  error?: string | null;
  score?: PlanningScore | null;
  cells?: PlannedCell[] | null;
}

export interface Planning {
  id: string;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  error?: string | null;
  results: PlanningResult[];
}

/** Why and by whom: goes into the log. */
export interface Reason {
  why?: string;
  who?: string;
}

const streetPath = (street: string) => `/api/streets/${encodeURIComponent(street)}`;
const planPath = (street: string, id: number) => `${streetPath(street)}/plans/${id}`;
const planningPath = (street: string, id: string) => `${streetPath(street)}/plannings/${encodeURIComponent(id)}`;
const etag = (plan: Pick<PlanSummary, 'tag'>) => `"${plan.tag}"`;

export const fetchPlans = (street: string, signal?: AbortSignal) =>
  getJson<{ street: string; plans: PlanSummary[] }>(`${streetPath(street)}/plans`, {}, signal);

export const fetchPlan = (street: string, id: number, signal?: AbortSignal) =>
  getJson<PlanSummary>(planPath(street, id), {}, signal);

export const createDraft = (street: string, body: { name: string; from: 'published' | number; owner?: string }) =>
  sendJson<PlanSummary>(`${streetPath(street)}/plans`, { method: 'POST', body });

export const updateDraft = (street: string, plan: PlanSummary, body: { name?: string; owner?: string }) =>
  sendJson<PlanSummary>(planPath(street, plan.id), { method: 'PATCH', body, ifMatch: etag(plan) });

export const deleteDraft = (street: string, plan: PlanSummary) =>
  sendJson<undefined>(planPath(street, plan.id), { method: 'DELETE', ifMatch: etag(plan) });

export const fetchPicture = (street: string, id: number, signal?: AbortSignal) =>
  getJson<PlanPicture>(`${planPath(street, id)}/desk`, {}, signal);

export const fetchDifference = (street: string, a: number, b: number, signal?: AbortSignal) =>
  getJson<PlanDifference>(`${planPath(street, a)}/compare/${b}`, {}, signal);

/** The preview's ETag names everything that publishing depends on. */
export const fetchPreview = (street: string, id: number, from: string | null, signal?: AbortSignal) =>
  getTagged<Preview>(`${planPath(street, id)}/preview`, { from }, signal);

export const publishPlan = (street: string, id: number, previewTag: string, body: Reason & { from?: string }) =>
  sendJson<{ plan: PlanSummary; replaced: number | null }>(`${planPath(street, id)}/publish`, {
    method: 'POST',
    body,
    ifMatch: previewTag,
  });

export const rollBack = (street: string, plan: PlanSummary, body: Reason) =>
  sendJson<unknown>(`${planPath(street, plan.id)}/rollback`, { method: 'POST', body, ifMatch: etag(plan) });

export const startPlanning = (street: string, body: PlanningWish) =>
  sendJson<{ id: string }>(`${streetPath(street)}/plannings`, { method: 'POST', body });

export const fetchPlanning = (street: string, id: string, signal?: AbortSignal) =>
  getJson<Planning>(planningPath(street, id), {}, signal);

export const cancelPlanning = (street: string, id: string) =>
  sendJson<undefined>(planningPath(street, id), { method: 'DELETE' });

export const adoptAsDraft = (street: string, id: string, body: { n: number; name: string; owner?: string }) =>
  sendJson<PlanSummary>(`${planningPath(street, id)}/adopt`, { method: 'POST', body });

/** Into the draft that the planning was started for. */
export const adoptIntoDraft = (street: string, id: string, body: { n: number; owner?: string }) =>
  sendJson<{ revision: number }>(`${planningPath(street, id)}/adopt`, { method: 'POST', body });
