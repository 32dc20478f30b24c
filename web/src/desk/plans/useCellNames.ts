/** Names of the cells of some plans, by code. Codes do where the names do not come. */
import { useEffect, useState } from 'preact/hooks';
import { fetchPicture } from './api';

export function useCellNames(
  street: string,
  plans: readonly (number | null | undefined)[],
): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = plans.filter((id) => id !== null && id !== undefined).join(',');
  useEffect(() => {
    if (!wanted) return;
    const abort = new AbortController();
    const ids = wanted.split(',').map(Number);
    void Promise.allSettled(ids.map((id) => fetchPicture(street, id, abort.signal))).then((pictures) => {
      if (abort.signal.aborted) return;
      const found = pictures.flatMap((picture) => (picture.status === 'fulfilled' ? picture.value.cells : []));
      // The first plan's name of a cell holds.
      setNames(new Map(found.reverse().map(({ code, name }) => [code, name])));
    });
    return () => abort.abort();
  }, [street, wanted]);
  return names;
}
