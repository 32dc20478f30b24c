/** A street's plans, asked for again whenever the data or one of them changed. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { revision } from '../../state/data';
import { fetcher, type Resource } from '../../state/resource';
import { fetchPlans, type PlanSummary } from './api';

export function usePlans(street: string, version: unknown): Resource<PlanSummary[]> & { reload: () => void } {
  const [plans] = useState(() =>
    fetcher<string, PlanSummary[]>(async (of, abort) => (await fetchPlans(of, abort)).plans),
  );
  const reload = useCallback(() => void plans.ask(street), [plans, street]);
  const data = revision.value;
  // A change of these is the reason to ask.
  useEffect(reload, [reload, data, version]);
  useEffect(() => () => void plans.ask(null), [plans]);
  return { ...plans.state.value, reload };
}
