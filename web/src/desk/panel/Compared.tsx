/** Chooses the plan that the one on the desk is compared with: what it was copied from, or the one in force, until another is chosen. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t, tWord } from '../../i18n';
import { CloseIcon } from '../../panels/icons';
import { fetchPlans } from '../api/requests';
import type { PlanSummary } from '../api/types';
import { laid } from '../state/session';

interface ViewProps {
  street: string;
  a: number;
  b: number;
  onClose: () => void;
}

export function Compared(props: { street: string; plan: number; View: ComponentType<ViewProps>; onClose: () => void }) {
  const { street, plan, View, onClose } = props;
  const [others, setOthers] = useState<PlanSummary[] | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetchPlans(street, abort.signal)
      .then(({ plans }) => setOthers(plans.filter(({ id }) => id !== plan)))
      .catch(() => {
        if (!abort.signal.aborted) setOthers([]);
      });
    return () => abort.abort();
  }, [street, plan]);
  const first =
    others?.find(({ id }) => id === laid.peek()?.plan.base) ??
    others?.find(({ state }) => state === 'published') ??
    others?.[0];
  const other = others?.find(({ id }) => id === chosen) ?? first;
  return (
    <>
      <section class="desk-compared" aria-label={t('desk.open.compare')}>
        {other && others ? (
          <label class="desk-check">
            {t('desk.compare.with')}
            <select value={String(other.id)} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              {others.map(({ id, name, state }) => (
                <option key={id} value={String(id)}>
                  {`${name} · ${tWord('desk.state', state)}`}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <span class="muted">{t(others ? 'desk.compare.none' : 'desk.loading')}</span>
        )}
        <button
          type="button"
          class="icon-button small"
          aria-label={t('panel.close')}
          title={t('panel.close')}
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </section>
      {other && <View key={other.id} street={street} a={other.id} b={plan} onClose={onClose} />}
    </>
  );
}
