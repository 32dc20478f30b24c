/** Something under way that can fail: once at a time, its failure in words. */
import { useRef, useState } from 'preact/hooks';
import { failureText } from './words';

export function useDoing() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const running = useRef(false);
  /** `handled`: says itself what went wrong, and returns true. */
  const run = (what: () => Promise<void>, handled: (cause: unknown) => boolean = () => false) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    void what()
      .catch((cause: unknown) => {
        if (!handled(cause)) setFailure(failureText(cause));
      })
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };
  return { busy, failure, run, setFailure };
}
