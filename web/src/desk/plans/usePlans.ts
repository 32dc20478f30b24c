/** A street's plans, asked for again whenever the data or one of them changed. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { plansTouched, revision } from '../../state/data';
import { fetcher, type Resource } from '../../state/resource';
import { fetchPlans, type PlanSummary } from './api';

export function usePlans(street: string): Resource<PlanSummary[]> & { reload: () => void } {
  const [plans] = useState(() =>
    fetcher<string, PlanSummary[]>(async (of, abort) => (await fetchPlans(of, abort)).plans),
  );
  const reload = useCallback(() => void plans.ask(street), [plans, street]);
  const data = revision.value;
  const touched = plansTouched.value;
  const ours = useRef(touched);
  if (touched && (touched.plans === 'any' || touched.street === street)) ours.current = touched;
  // A change of these is the reason to ask.
  useEffect(reload, [reload, data, ours.current]);
  useEffect(() => () => void plans.ask(null), [plans]);
  return { ...plans.state.value, reload };
}
