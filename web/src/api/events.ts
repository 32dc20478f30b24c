/** Server-sent changes. The browser reconnects by itself; what was missed while away is asked for by `onReturn`. */
export interface ChangeListener {
  onChange(): void;
  onLost(): void;
  onReturn(): void;
}

/** Quiet time after the last of several changes in a row, so that an import refreshes the map once. */
const SETTLE_MS = 300;

export function listenForChanges(listener: ChangeListener): () => void {
  const events = new EventSource('/api/events');
  let lost = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  events.addEventListener('change', () => {
    clearTimeout(timer);
    timer = setTimeout(() => listener.onChange(), SETTLE_MS);
  });
  events.addEventListener('error', () => {
    if (!lost) listener.onLost();
    lost = true;
  });
  events.addEventListener('open', () => {
    if (lost) listener.onReturn();
    lost = false;
  });
  return () => {
    clearTimeout(timer);
    events.close();
  };
}
