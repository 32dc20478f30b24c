/** The desk's header: which plan, what to do with it as a whole, who one is. */
import type { ComponentChildren } from 'preact';
import { t, tWord } from '../../i18n';
import { BackIcon, LogoMark } from '../../panels/icons';
import { LanguageSwitch, ThemeSwitch } from '../../panels/Toolbar';
import { deskAt } from '../../state/app';
import { info } from '../../state/data';
import { isNarrow } from '../../state/screen';
import { type DialogName, dialog, laid, leaveDesk, store, who, why } from '../state/session';
import { redo, undo } from '../tools/actions';
import { HelpIcon, PlansIcon, RedoIcon, UndoIcon } from './icons';

export function DeskBar() {
  const narrow = isNarrow.value;
  return (
    <header class="topbar desk-bar">
      <button type="button" class="icon-button" aria-label={t('desk.back')} title={t('desk.back')} onClick={leaveDesk}>
        <BackIcon />
      </button>
      {!narrow && <LogoMark />}
      <Title />
      <Undoing />
      {!narrow && <PlanDeeds />}
      {narrow && (
        <Opens name="plans">
          <PlansIcon />
        </Opens>
      )}
      {!narrow && (
        <div class="toolbar">
          <WhoField />
          <ThemeSwitch />
          <LanguageSwitch />
          <HelpButton />
        </div>
      )}
    </header>
  );
}

function Title() {
  const at = deskAt.value;
  const now = laid.value;
  const street = info.value.data?.streets.find(({ code }) => code === at?.street);
  return (
    <div class="desk-title">
      <h1>
        {now && <span class="visually-hidden">{t('desk.title')} </span>}
        {now?.plan.name ?? t('desk.title')}
      </h1>
      <span class="muted">
        {street?.name || at?.street}
        {now && (
          <span class={`chip ${now.plan.state === 'draft' ? 'accent' : ''}`} data-testid="plan-state">
            {tWord('desk.state', now.plan.state)}
          </span>
        )}
        {now && !now.editable && <span class="chip">{t('desk.readonly')}</span>}
      </span>
    </div>
  );
}

function Undoing() {
  const now = laid.value;
  if (!now?.editable) return <div />;
  const step = (key: 'desk.undo' | 'desk.redo', keys: string, op: string | undefined) =>
    `${t(key)}${op ? ` ${tWord('desk.op', op)}` : ''} (${keys})`;
  const waiting = (store.value?.waiting.value ?? 0) > 0;
  return (
    <div class="desk-undoing">
      <button
        type="button"
        class="icon-button"
        disabled={!now.undo}
        aria-label={step('desk.undo', 'Ctrl+Z', now.undo?.op)}
        title={step('desk.undo', 'Ctrl+Z', now.undo?.op)}
        data-testid="undo"
        onClick={() => void undo()}
      >
        <UndoIcon />
      </button>
      <button
        type="button"
        class="icon-button"
        disabled={!now.redo}
        aria-label={step('desk.redo', 'Ctrl+Y', now.redo?.op)}
        title={step('desk.redo', 'Ctrl+Y', now.redo?.op)}
        data-testid="redo"
        onClick={() => void redo()}
      >
        <RedoIcon />
      </button>
      <span class={waiting ? 'desk-busy on' : 'desk-busy'} aria-hidden="true" />
    </div>
  );
}

function Opens(props: { name: DialogName; primary?: boolean; children: ComponentChildren }) {
  const { name, primary = false, children } = props;
  return (
    <button
      type="button"
      class={primary ? 'button primary' : 'button'}
      aria-label={t(`desk.open.${name}`)}
      title={t(`desk.open.${name}`)}
      aria-haspopup="dialog"
      onClick={() => {
        dialog.value = name;
      }}
    >
      {children}
    </button>
  );
}

export function PlanDeeds() {
  const now = laid.value;
  return (
    <div class="desk-deeds">
      <Opens name="plans">
        <PlansIcon />
        {t('desk.open.plans')}
      </Opens>
      <Opens name="planning">{t('desk.open.planning')}</Opens>
      {now?.editable && <Opens name="import">{t('desk.open.import')}</Opens>}
      {now && <Opens name="compare">{t('desk.open.compare')}</Opens>}
      {now?.editable && (
        <Opens name="publish" primary>
          {t('desk.open.publish')}
        </Opens>
      )}
    </div>
  );
}

export function WhoField() {
  return (
    <input
      type="text"
      class="desk-who"
      autocomplete="nickname"
      maxLength={60}
      aria-label={t('desk.who')}
      title={t('desk.who.hint')}
      placeholder={t('desk.who')}
      value={who.value}
      onInput={(event) => {
        who.value = event.currentTarget.value;
      }}
    />
  );
}

/** Why the changes are made: with all that follow, until it is cleared. */
export function WhyField() {
  return (
    <input
      type="search"
      class="desk-why"
      maxLength={500}
      aria-label={t('desk.why')}
      title={t('desk.why.hint')}
      placeholder={t('desk.why')}
      value={why.value}
      onInput={(event) => {
        why.value = event.currentTarget.value;
      }}
    />
  );
}

export function HelpButton() {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={t('desk.open.help')}
      title={`${t('desk.open.help')} (?)`}
      aria-haspopup="dialog"
      onClick={() => {
        dialog.value = 'help';
      }}
    >
      <HelpIcon />
    </button>
  );
}
