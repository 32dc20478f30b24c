/** The only place that fetches. Every failure is an {@link ApiError} with the server's stable code. */

/** Why a request failed: the problem document's `code`, or `unreachable` when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
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
  const query = queryText(params);
  let response: Response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, {
      headers: { accept: 'application/json' },
      signal: signal ?? null,
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('unreachable', 0, String(cause));
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  // A proxy that cannot reach the server answers for it, without a problem document.
  const code = body.code ?? (response.status >= 502 && response.status <= 504 ? 'unreachable' : 'unexpected');
  return new ApiError(code, response.status, body.detail ?? body.title ?? response.statusText);
}
