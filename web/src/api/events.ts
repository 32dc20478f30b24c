/** Server-sent changes: told once when several come in a row, and once more after every gap in which some may have been missed. */
export interface ChangeListener {
  /** Something changed, or may have. */
  onChange(): void;
  /** No connection for a while. */
  onLost(): void;
  /** There is a connection again. */
  onReturn(): void;
}

/** Quiet time after the last of several changes in a row, so that an import refreshes the map once. */
const SETTLE_MS = 300;
/** A gap shorter than this is the browser's ordinary reconnecting. */
const GRACE_MS = 3_000;
/** The browser reconnects by itself except after an HTTP error, as a proxy gives for a server that is down. */
const RECONNECT_MS = 5_000;

type Timer = ReturnType<typeof setTimeout> | undefined;

/** Returns what ends it. */
export function listenForChanges(listener: ChangeListener): () => void {
  let events: EventSource;
  let interrupted = false;
  let lost = false;
  let settle: Timer;
  let grace: Timer;
  let reconnect: Timer;

  const changed = () => {
    clearTimeout(settle);
    settle = setTimeout(() => listener.onChange(), SETTLE_MS);
  };
  const connect = () => {
    events = new EventSource('/api/events');
    events.addEventListener('change', changed);
    events.addEventListener('open', () => {
      clearTimeout(grace);
      if (lost) listener.onReturn();
      if (interrupted) changed();
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
    for (const timer of [settle, grace, reconnect]) clearTimeout(timer);
    events.close();
  };
}
