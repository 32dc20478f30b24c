/**
 * Server-sent changes. Which tiles changed is told within a blink, that something changed once when several come in a row, and after
 * every gap that some changes may have been missed.
 */
import type { ChangeEvent, StaleTiles } from './types';

/** Plans of a street, by number. */
export interface TouchedPlans {
  street: string;
  plans: readonly number[];
}

export interface ChangeListener {
  /** These tiles show something else now. */
  onTiles(stale: StaleTiles[]): void;
  /** These plans changed, drafts among them. */
  onPlans(touched: TouchedPlans): void;
  /** Something changed, and all of its tiles were told. */
  onChange(): void;
  /** Anything may have changed. */
  onMissed(): void;
  /** No connection for a while. */
  onLost(): void;
  /** There is a connection again. */
  onReturn(): void;
}

/** Quiet time after the last of several changes in a row, so that an import refreshes the numbers once. */
const SETTLE_MS = 300;
/** How long tiles are gathered, from the first change on: one change is seen at once, a thousand in turns. */
const GATHER_MS = 40;
/** A gap shorter than this is the browser's ordinary reconnecting. */
const GRACE_MS = 3_000;
/** The browser reconnects by itself except after an HTTP error, as a proxy gives for a server that is down. */
const RECONNECT_MS = 5_000;

type Timer = ReturnType<typeof setTimeout> | undefined;

interface Told {
  /** `null` where a server of another version does not tell. */
  tiles: StaleTiles[] | null;
  plans: TouchedPlans | null;
}

function changeOf(event: Event): Told {
  try {
    const { tiles, street, plans } = JSON.parse((event as MessageEvent<string>).data) as Partial<ChangeEvent>;
    return {
      tiles: Array.isArray(tiles) ? tiles : null,
      plans: street && plans?.length ? { street, plans } : null,
    };
  } catch {
    return { tiles: null, plans: null };
  }
}

/** Returns what ends it. */
export function listenForChanges(listener: ChangeListener): () => void {
  let events: EventSource;
  let interrupted = false;
  let lost = false;
  let missed = false;
  let gathered: StaleTiles[] = [];
  let gather: Timer;
  let settle: Timer;
  let grace: Timer;
  let reconnect: Timer;

  const settleSoon = () => {
    clearTimeout(settle);
    settle = setTimeout(() => {
      if (missed) listener.onMissed();
      else listener.onChange();
      missed = false;
    }, SETTLE_MS);
  };
  const changed = (event: Event) => {
    const { tiles, plans } = changeOf(event);
    if (plans) listener.onPlans(plans);
    // A draft's steps are its planners' affair: nothing that the map shows has changed.
    if (tiles?.length === 0 && plans) return;
    if (!tiles) missed = true;
    else if (tiles.length > 0) {
      gathered.push(...tiles);
      gather ??= setTimeout(() => {
        gather = undefined;
        listener.onTiles(gathered);
        gathered = [];
      }, GATHER_MS);
    }
    settleSoon();
  };
  const connect = () => {
    events = new EventSource('/api/events');
    events.addEventListener('change', changed);
    events.addEventListener('open', () => {
      clearTimeout(grace);
      if (lost) listener.onReturn();
      if (interrupted) {
        missed = true;
        settleSoon();
      }
      interrupted = false;
      lost = false;
    });
    events.addEventListener('error', () => {
      if (!interrupted) {
        interrupted = true;
        grace = setTimeout(() => {
          lost = true;
          listener.onLost();
        }, GRACE_MS);
      }
      if (events.readyState === EventSource.CLOSED) {
        clearTimeout(reconnect);
        reconnect = setTimeout(connect, RECONNECT_MS);
      }
    });
  };
  connect();
  return () => {
    for (const timer of [gather, settle, grace, reconnect]) clearTimeout(timer);
    events.close();
  };
}
