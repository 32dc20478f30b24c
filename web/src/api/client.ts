/** The only place that fetches. Every failure is an {@link ApiError} with the server's stable code. */

/** Why a request failed: the problem document's `code`, or `unreachable` when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    /** The problem document's other members: why a command was refused and where, for one. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

export type Params = Record<string, string | number | readonly string[] | null | undefined>;

/** Query text of the parameters that are set; lists are comma separated, so that equal filters give equal URLs. */
export function queryText(params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '') continue;
    const text = Array.isArray(value) ? value.join(',') : String(value);
    if (text !== '') query.set(name, text);
  }
  return query.toString();
}

export async function getJson<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return (await getTagged<T>(path, params, signal)).data;
}

/** An answer with its ETag: what a change that rests on it names. */
export async function getTagged<T>(path: string, params: Params = {}, signal?: AbortSignal) {
  const query = queryText(params);
  const response = await ask(query ? `${path}?${query}` : path, {
    headers: { accept: 'application/json' },
    signal: signal ?? null,
  });
  return { data: (await response.json()) as T, etag: response.headers.get('etag') ?? '' };
}

export interface Writing {
  method: 'POST' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** The ETag that what is changed must still have. */
  ifMatch?: string;
  /** Names the request, so that one sent twice is done once. */
  key?: string;
}

/** Sends a change. An answer without a body (204) is `undefined`. */
export async function sendJson<T>(path: string, { method, body, ifMatch, key }: Writing): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (ifMatch !== undefined) headers['if-match'] = ifMatch;
  if (key !== undefined) headers['idempotency-key'] = key;
  const response = await ask(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('unreachable', 0, String(cause));
  }
  if (!response.ok) throw await problem(response);
  return response;
}

interface Problem extends Record<string, unknown> {
  code?: string;
  detail?: string;
  title?: string;
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Problem;
  // A proxy that cannot reach the server answers for it, without a problem document.
  const code = body.code ?? (response.status >= 502 && response.status <= 504 ? 'unreachable' : 'unexpected');
  return new ApiError(code, response.status, body.detail ?? body.title ?? response.statusText, body);
}
