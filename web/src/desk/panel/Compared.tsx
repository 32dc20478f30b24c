/** Compares the plan on the desk with what it was copied from, or with the one in force; another can be chosen there. */
import { useEffect, useState } from 'preact/hooks';
import { t } from '../../i18n';
import { say } from '../../state/app';
import { fetchPlans } from '../api/requests';
import { CompareView } from '../plans';
import { laid } from '../state/session';

export function Compared({ street, plan, onClose }: { street: string; plan: number; onClose: () => void }) {
  const [other, setOther] = useState<number | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetchPlans(street, abort.signal)
      .then(({ plans }) => {
        const others = plans.filter(({ id }) => id !== plan);
        const base = laid.peek()?.plan.base;
        const first =
          others.find(({ id }) => id === base) ?? others.find(({ state }) => state === 'published') ?? others[0];
        if (first) setOther(first.id);
        else throw new Error('no other plan');
      })
      .catch(() => {
        if (abort.signal.aborted) return;
        say(t('desk.compare.none'), true);
        onClose();
      });
    return () => abort.abort();
  }, [street, plan]);
  return other === null ? null : <CompareView street={street} a={other} b={plan} onClose={onClose} />;
}
