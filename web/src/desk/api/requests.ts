/** What the desk asks of the server. */
import { getJson, sendJson } from '../../api/client';
import type { Answer, Changed, Command, Desk, LogLine, PlanSummary, Replayed } from './types';

/** Which plan of which street. */
export interface PlanRef {
  street: string;
  plan: number;
}

/** How a command goes out: against which revision, as which request, by whom and why. */
export interface Sending {
  revision: number;
  key: string;
  who: string;
  why: string;
}

const streetPath = (street: string) => `/api/streets/${encodeURIComponent(street)}/plans`;
const planPath = ({ street, plan }: PlanRef) => `${streetPath(street)}/${plan}`;
const etag = (revision: number) => `"r${revision}"`;

export const fetchPlans = (street: string, signal?: AbortSignal) =>
  getJson<{ street: string; plans: PlanSummary[] }>(streetPath(street), {}, signal);

/** What the desk needs of the server; a class takes it so that it can be tested without one. */
export const deskApi = {
  desk: (at: PlanRef, signal?: AbortSignal) => getJson<Desk>(`${planPath(at)}/desk`, {}, signal),

  summary: (at: PlanRef) => getJson<PlanSummary>(planPath(at)),

  since: (at: PlanRef, revision: number) =>
    getJson<Changed | { all: true }>(`${planPath(at)}/desk`, { since: revision }),

  /** A page of the log, the newest first; `next` of one page is `before` of the next. */
  edits: (at: PlanRef, before: number | null, signal?: AbortSignal) =>
    getJson<{ edits: LogLine[]; next?: number | null }>(`${planPath(at)}/edits`, { before }, signal),

  run: (at: PlanRef, command: Command, { revision, key, who, why }: Sending) =>
    sendJson<Answer | Replayed>(`${planPath(at)}/edits`, {
      method: 'POST',
      body: { ...command, ...(who && { who }), ...(why && { why }) },
      ifMatch: etag(revision),
      key,
    }),

  step: (at: PlanRef, direction: 'undo' | 'redo', { revision, key }: Sending) =>
    sendJson<Answer | Replayed>(`${planPath(at)}/${direction}`, { method: 'POST', ifMatch: etag(revision), key }),

  attempt: (at: PlanRef, command: Command) =>
    sendJson<Answer>(`${planPath(at)}/try`, { method: 'POST', body: command }),
};

export type DeskApi = typeof deskApi;
