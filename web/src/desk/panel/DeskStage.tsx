/** What lies on and beside the map while the desk is open. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../i18n';
import { ChevronIcon } from '../../panels/icons';
import { LanguageSwitch, ThemeSwitch } from '../../panels/Toolbar';
import { deskAt } from '../../state/app';
import { isNarrow } from '../../state/screen';
import { drawDesk } from '../map/draw';
import { redrawable, redrawableAround } from '../model/laid';
import { failureText, PlanningDialog, PlansPanel, PublishDialog } from '../plans';
import { letAsk } from '../state/handle';
import { dialog, followDesk, laid, openPlan, selected, store } from '../state/session';
import { holdTools } from '../tools/host';
import { listenToKeys } from '../tools/keys';
import { BalanceLine, DeviationLegend, Histogram, Problems } from './Balance';
import { CellCard } from './CellCard';
import { CellFilter, CellTable } from './CellTable';
import { Compared } from './Compared';
import { HelpButton, PlanDeeds, WhoField, WhyField } from './DeskBar';
import { Dialog, Help } from './Help';
import { History } from './History';
import { ImportDialog } from './ImportDialog';
import { Palette, ToolOptions } from './Palette';
import { RefusalNote } from './RefusalNote';

export function DeskStage() {
  useEffect(() => {
    const stops = [followDesk(), drawDesk(), holdTools(), listenToKeys(), letAsk()];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  const at = deskAt.value;
  if (!at) return null;
  return (
    <>
      {at.plan !== null && (
        <div class="desk-left">
          <Palette />
          <div class="desk-over">
            <ToolOptions />
          </div>
        </div>
      )}
      {at.plan !== null && !isNarrow.value && <DeviationLegend />}
      <aside class="desk-panel" aria-label={t('desk.panel')}>
        {at.plan === null ? <Start street={at.street} /> : <Panel />}
      </aside>
      <RefusalNote />
      <Dialogs />
    </>
  );
}

function Start({ street }: { street: string }) {
  return (
    <div class="desk-start">
      <h2>{t('desk.open.plans')}</h2>
      <p class="muted">{t('desk.start')}</p>
      <PlansPanel street={street} planId={null} onOpen={(plan) => openPlan(street, plan)} />
    </div>
  );
}

const TABS = ['cells', 'history', 'more'] as const;

function Panel() {
  const tab = useSignal<(typeof TABS)[number]>('cells');
  const open = store.value;
  if (!open || open.phase.value === 'loading') return <Loading />;
  if (open.phase.value === 'failed') {
    const gone = open.error.value?.status === 404;
    return (
      <div class="desk-start" role="alert">
        <p>{failureText(open.error.value)}</p>
        <button type="button" class="button" onClick={() => (gone ? openPlan(open.at.street, null) : void open.load())}>
          {t(gone ? 'desk.open.plans' : 'error.retry')}
        </button>
      </div>
    );
  }
  const shown = TABS.filter((name) => name !== 'more' || isNarrow.value);
  const current = shown.includes(tab.value) ? tab.value : 'cells';
  return (
    <>
      <details class="desk-summary" open={!isNarrow.value}>
        <summary>
          <BalanceLine />
          <ChevronIcon />
        </summary>
        <Histogram />
      </details>
      <Problems />
      <div class="desk-tabs">
        <div class="segmented">
          {shown.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={current === name}
              onClick={() => {
                tab.value = name;
              }}
            >
              {t(`desk.tab.${name}`)}
            </button>
          ))}
        </div>
        {current === 'cells' && <CellFilter />}
      </div>
      {current === 'cells' && <CellTable />}
      {current === 'history' && <History />}
      {current === 'more' && <More />}
      {current === 'cells' && <CellCard />}
    </>
  );
}

/** What the header has no room for on a phone. */
function More() {
  return (
    <div class="desk-more">
      <PlanDeeds />
      <WhoField />
      <WhyField />
      <ThemeSwitch />
      <LanguageSwitch />
      <HelpButton />
    </div>
  );
}

function Loading() {
  return (
    <div class="desk-start" role="status">
      <p class="muted">{t('desk.loading')}</p>
      <div class="skeleton" aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
    </div>
  );
}

function Planned(props: { street: string; plan: number | null; onClose: () => void; onOpen: (plan: number) => void }) {
  const { street, plan, onClose, onOpen } = props;
  const now = laid.value;
  const cells = now ? redrawable(now, selected.value) : [];
  const around = now && cells[0] && cells.length === 1 ? redrawableAround(now, cells[0]) : [];
  return <PlanningDialog {...{ street, cells, around, onClose, onOpen }} planId={plan} />;
}

function Dialogs() {
  const at = deskAt.value;
  const close = () => {
    dialog.value = null;
  };
  if (!at || dialog.value === null) return null;
  const { street, plan } = at;
  const onOpen = (next: number | null) => openPlan(street, next);
  switch (dialog.value) {
    case 'help':
      return <Help />;
    case 'plans':
      return (
        <Dialog label={t('desk.open.plans')}>
          <PlansPanel street={street} planId={plan} onOpen={onOpen} />
        </Dialog>
      );
    case 'planning':
      return <Planned {...{ street, plan, onOpen }} onClose={close} />;
    case 'publish':
      // Published, the plan is no draft any more, but the dialog has yet to say so.
      return plan !== null ? (
        <PublishDialog street={street} planId={plan} onClose={close} onPublished={() => void store.peek()?.load()} />
      ) : null;
    case 'import':
      return plan !== null && laid.value?.editable ? <ImportDialog onClose={close} /> : null;
    case 'compare':
      return plan !== null ? <Compared street={street} plan={plan} onClose={close} /> : null;
  }
}
