/** What was asked of the server: at rest, under way, answered or failed. The last answer stays visible while the next is fetched. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { ApiError } from '../api/client';

export interface Resource<T> {
  loading: boolean;
  data: T | null;
  error: ApiError | null;
}

export interface Fetcher<Q, T> {
  state: ReadonlySignal<Resource<T>>;
  /** Fetches; a fetch under way for an older question is abandoned. `null` empties the answer. */
  ask(question: Q | null): Promise<void>;
}

export function fetcher<Q, T>(fetchIt: (question: Q, abort: AbortSignal) => Promise<T>): Fetcher<Q, T> {
  const state = signal<Resource<T>>({ loading: false, data: null, error: null });
  let current: AbortController | null = null;
  return {
    state,
    async ask(question) {
      current?.abort();
      current = null;
      if (question === null) {
        state.value = { loading: false, data: null, error: null };
        return;
      }
      const abort = new AbortController();
      current = abort;
      state.value = { ...state.peek(), loading: true };
      const next = await fetchIt(question, abort.signal).then(
        (data): Resource<T> => ({ loading: false, data, error: null }),
        (cause): Resource<T> => ({ loading: false, data: null, error: named(cause) }),
      );
      if (current === abort) state.value = next;
    },
  };
}

function named(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError('unexpected', 0, String(cause));
}
