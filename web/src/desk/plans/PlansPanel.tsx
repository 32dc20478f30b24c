/** A street's plans by how they stand, and what can be done with each. */
import { useState } from 'preact/hooks';
import { formatNumber, t } from '../../i18n';
import { PlusIcon } from '../../panels/icons';
import { today } from '../../state/app';
import type { PlanSummary } from './api';
import { CompareView } from './CompareView';
import { DeleteDialog, NewDraftDialog, RenameDialog } from './DraftDialogs';
import { PlanningDialog } from './PlanningDialog';
import { PublishDialog } from './PublishDialog';
import { RollbackDialog } from './RollbackDialog';
import { usePlans } from './usePlans';
import { datesText, failureText, formatPercent, groupPlans, standingKey } from './words';

/** What can be done with a plan beside opening it. */
type Deed = 'copy' | 'compare' | 'rename' | 'publish' | 'rollback' | 'delete';

type Doing = { deed: Deed; plan: PlanSummary } | { deed: 'new' | 'planning'; plan: null };

function deedsOf(plan: PlanSummary, plans: readonly PlanSummary[]): Deed[] {
  const deeds: Deed[] = ['copy'];
  if (plans.length > 1) deeds.push('compare');
  if (plan.state === 'draft') deeds.push('rename', 'publish', 'delete');
  if (plan.state === 'published') deeds.push('rollback');
  return deeds;
}

export interface PlansPanelProps {
  street: string;
  /** The plan that is open. */
  planId: number | null;
  /** A plan to open; `null` when the open one is gone. */
  onOpen: (id: number | null) => void;
}

export function PlansPanel({ street, planId, onOpen }: PlansPanelProps) {
  const { data: plans, error, loading, reload } = usePlans(street);
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  const open = (id: number) => {
    close();
    reload();
    onOpen(id);
  };
  return (
    <div class="plans" data-testid="plans">
      {error && (
        <p class="notice" role="alert">
          <span>{failureText(error)}</span>
          <button type="button" class="text-button" onClick={reload}>
            {t('error.retry')}
          </button>
        </p>
      )}
      {!plans && loading && (
        <div class="skeleton" role="status" aria-label={t('detail.loading')}>
          <span />
          <span />
        </div>
      )}
      {plans?.length === 0 && <NoPlan onPlan={() => setDoing({ deed: 'planning', plan: null })} />}
      {plans && plans.length > 0 && (
        <>
          <div class="plans-actions">
            <button type="button" class="button primary" onClick={() => setDoing({ deed: 'new', plan: null })}>
              <PlusIcon />
              {t('plans.new')}
            </button>
            <button type="button" class="button" onClick={() => setDoing({ deed: 'planning', plan: null })}>
              {t('plans.planning')}
            </button>
          </div>
          {groupPlans(plans, today.value).map(([standing, those]) => (
            <section key={standing} aria-label={t(standingKey(standing))}>
              <h3>{t(standingKey(standing))}</h3>
              <ul class="plan-list">
                {those.map((plan) => (
                  <PlanRow
                    key={plan.id}
                    plan={plan}
                    isOpen={plan.id === planId}
                    deeds={deedsOf(plan, plans)}
                    onOpen={() => onOpen(plan.id)}
                    onDo={(deed) => setDoing({ deed, plan })}
                  />
                ))}
              </ul>
            </section>
          ))}
        </>
      )}
      {doing && plans && (
        <Deeds
          {...{ street, plans, doing, planId }}
          onClose={close}
          onOpen={open}
          onGone={(id) => {
            close();
            reload();
            if (id === planId) onOpen(null);
          }}
          onChanged={reload}
        />
      )}
    </div>
  );
}

function NoPlan({ onPlan }: { onPlan: () => void }) {
  return (
    <div class="plans-empty">
      <h3>{t('plans.empty')}</h3>
      <p class="muted">{t('plans.empty.text')}</p>
      <button type="button" class="button primary" onClick={onPlan}>
        {t('plans.planning')}
      </button>
    </div>
  );
}

function PlanRow(props: {
  plan: PlanSummary;
  isOpen: boolean;
  deeds: readonly Deed[];
  onOpen: () => void;
  onDo: (deed: Deed) => void;
}) {
  const { plan, isOpen, deeds, onOpen, onDo } = props;
  const [more, setMore] = useState(false);
  return (
    <li class={isOpen ? 'plan-row open' : 'plan-row'} data-plan={plan.id}>
      <div class="plan-head">
        <button type="button" class="plan-open" aria-current={isOpen ? 'true' : undefined} onClick={onOpen}>
          {plan.name}
        </button>
        {isOpen && <span class="chip accent">{t('plans.opened')}</span>}
      </div>
      <p class="muted">
        {datesText(plan)}
        {plan.owner && ` · ${plan.owner}`}
      </p>
      <p class="muted">
        {t('plans.figures', {
          cells: formatNumber(plan.cells),
          largest: formatPercent(plan.balance.largest),
          average: formatPercent(plan.balance.average),
        })}
        {plan.balance.beyond > 0 && (
          <span class="plan-beyond"> {t('plans.beyond', { count: formatNumber(plan.balance.beyond) })}</span>
        )}
      </p>
      <div class="plan-deeds">
        <button type="button" class="text-button" disabled={isOpen} onClick={onOpen}>
          {t('plans.open')}
          <span class="visually-hidden"> {plan.name}</span>
        </button>
        <button type="button" class="text-button" aria-expanded={more} onClick={() => setMore(!more)}>
          {t(more ? 'plans.less' : 'plans.more')}
          <span class="visually-hidden"> {plan.name}</span>
        </button>
        {more &&
          deeds.map((deed) => (
            <button
              key={deed}
              type="button"
              class={deed === 'delete' || deed === 'rollback' ? 'text-button danger' : 'text-button'}
              onClick={() => onDo(deed)}
            >
              {t(`plans.do.${deed}`)}
              <span class="visually-hidden"> {plan.name}</span>
            </button>
          ))}
      </div>
    </li>
  );
}

interface DeedsProps {
  street: string;
  plans: readonly PlanSummary[];
  planId: number | null;
  doing: Doing;
  onClose: () => void;
  onOpen: (id: number) => void;
  onGone: (id: number) => void;
  onChanged: () => void;
}

/** Nothing is chosen in a list of plans. */
const NO_CELLS: readonly string[] = [];

/** The dialog of what is being done. */
function Deeds({ street, plans, planId, doing, onClose, onOpen, onGone, onChanged }: DeedsProps) {
  const done = () => {
    onChanged();
    onClose();
  };
  if (doing.plan === null)
    return doing.deed === 'planning' ? (
      <PlanningDialog {...{ street, planId, onClose, onOpen }} cells={NO_CELLS} />
    ) : (
      <NewDraftDialog {...{ street, plans, onClose }} from={null} onCreated={onOpen} />
    );
  const { deed, plan } = doing;
  if (deed === 'copy') return <NewDraftDialog {...{ street, plans, onClose }} from={plan} onCreated={onOpen} />;
  if (deed === 'rename') return <RenameDialog {...{ street, plan, plans, onClose }} onRenamed={done} />;
  if (deed === 'delete') return <DeleteDialog {...{ street, plan, onClose }} onDeleted={() => onGone(plan.id)} />;
  if (deed === 'compare') return <CompareView {...{ street, onClose }} a={comparedWith(plan, plans)} b={plan.id} />;
  if (deed === 'publish') return <PublishDialog {...{ street, onClose }} planId={plan.id} onPublished={onChanged} />;
  return <RollbackDialog {...{ street, plan, onClose }} onRolledBack={done} />;
}

/** What one would look at a plan beside: what it was copied from, else what is in force, else any other. */
export function comparedWith(plan: PlanSummary, plans: readonly PlanSummary[]): number {
  const others = plans.filter(({ id }) => id !== plan.id);
  const choice =
    others.find(({ id }) => id === plan.base) ?? others.find(({ state }) => state === 'published') ?? others[0];
  return choice?.id ?? plan.id;
}
