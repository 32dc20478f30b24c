/** The cell selected: what it is called, what can be done with it, who lies beside it. */
import { useSignal } from '@preact/signals';
import { formatArea, formatChange, formatNumber, t } from '../../i18n';
import { CloseIcon } from '../../panels/icons';
import { Segmented } from '../../panels/parts';
import type { CellRow } from '../api/types';
import { nameOf } from '../model/laid';
import {
  dialog,
  editable,
  hovered,
  laid,
  neighbour,
  primary,
  select,
  selected,
  shownBlock,
  tool,
} from '../state/session';
import { halve, run, toggleLock } from '../tools/actions';
import { borderBlocks, chooseNeighbour, giving, letGo, moveShown, step } from '../tools/walk';
import { LockIcon, NextIcon, PreviousIcon } from './icons';

export function CellCard() {
  const now = laid.value;
  const cell = now?.cells.get(primary.value ?? '');
  if (!now || !cell) return null;
  const more = selected.value.length - 1;
  return (
    <section class="desk-card" aria-label={t('desk.cell')} data-testid="cell-card" data-code={cell.code}>
      <header>
        <h2>{cell.name || cell.code}</h2>
        {more > 0 && <span class="chip accent">{t('desk.selected.more', { count: more })}</span>}
        <button
          type="button"
          class="icon-button small"
          aria-label={t('panel.close')}
          title={t('panel.close')}
          onClick={() => select(null)}
        >
          <CloseIcon />
        </button>
      </header>
      <Facts cell={cell} />
      {now.editable && <Deeds cell={cell} />}
      <Neighbours cell={cell} />
    </section>
  );
}

function Facts({ cell }: { cell: CellRow }) {
  const deviation = laid.value?.deviations.get(cell.code);
  const facts = [
    ['stat.households', formatNumber(cell.households)],
    ['desk.column.deviation', deviation === undefined ? t('desk.dash') : formatChange(deviation)],
    ['stat.area', formatArea(cell.area_m2)],
    ['desk.column.compactness', formatNumber(cell.compactness, 2)],
    ['desk.column.issues_month', formatNumber(cell.issues_month, 1)],
  ] as const;
  return (
    <dl class="desk-facts">
      {facts.map(([key, text]) => (
        <div key={key}>
          <dt>{t(key)}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const KINDS = ['basic', 'dedicated'] as const;

function Deeds({ cell }: { cell: CellRow }) {
  const { code } = cell;
  const many = selected.value.length > 1;
  return (
    <>
      <div class="desk-fields">
        <TextField
          label={t('desk.name')}
          value={cell.name}
          onSet={(name) => void run({ op: 'rename', code, name })}
          key={`name ${code}`}
        />
        <TextField
          label={t('detail.code')}
          value={code}
          onSet={(to) =>
            void run({ op: 'recode', cell: code, to }).then((answer) => {
              if (answer) select(to);
            })
          }
          key={`code ${code}`}
        />
        <Segmented
          label={t('desk.kind')}
          choices={KINDS}
          value={cell.kind}
          text={(kind) => t(`desk.kind.${kind}`)}
          onChoose={(kind) => {
            if (kind !== cell.kind) void run({ op: 'set_kind', cell: code, kind });
          }}
        />
      </div>
      <div class="desk-deeds">
        <button type="button" class="button small" aria-pressed={cell.locked} onClick={() => void toggleLock()}>
          <LockIcon />
          {t(cell.locked ? 'desk.unlock' : 'desk.lock')}
        </button>
        <button type="button" class="button small" disabled={many} onClick={() => void halve()}>
          {t('desk.halve')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={many}
          onClick={() => void run({ op: 'regroup', cell: code })}
        >
          {t('desk.regroup')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={!many}
          title={t(many ? 'desk.replan.hint' : 'desk.many.hint')}
          onClick={() => void run({ op: 'replan', codes: [...selected.peek()] })}
        >
          {t('desk.replan')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={!many}
          title={many ? undefined : t('desk.many.hint')}
          onClick={() => {
            dialog.value = 'planning';
          }}
        >
          {t('desk.planning.selection')}
        </button>
      </div>
      {!many && <People key={code} />}
    </>
  );
}

/** Ids are the register's own: the desk knows no household by name. */
function People() {
  const household = useSignal('');
  const group = useSignal('');
  const ready = household.value.trim() !== '' && group.value.trim() !== '';
  const field = (label: string, text: typeof household) => (
    <label class="desk-field">
      <span>{label}</span>
      <input
        type="text"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
    </label>
  );
  const who = () => ({ household: household.peek().trim(), group: group.peek().trim() });
  return (
    <details class="desk-people">
      <summary>{t('desk.people')}</summary>
      <div class="desk-fields">
        {field(t('desk.people.household'), household)}
        {field(t('desk.people.group'), group)}
      </div>
      <div class="desk-deeds">
        <button
          type="button"
          class="button small"
          disabled={!ready}
          onClick={() => void run({ op: 'move_household', ...who() })}
        >
          {t('desk.people.move')}
        </button>
        <button
          type="button"
          class="button small"
          disabled={!ready}
          onClick={() => void run({ op: 'set_head', ...who() })}
        >
          {t('desk.people.head')}
        </button>
      </div>
    </details>
  );
}

function TextField({ label, value, onSet }: { label: string; value: string; onSet: (text: string) => void }) {
  const commit = (input: HTMLInputElement) => {
    const text = input.value.trim();
    if (text && text !== value) onSet(text);
    else input.value = value;
  };
  return (
    <label class="desk-field">
      <span>{label}</span>
      <input
        type="text"
        value={value}
        onBlur={(event) => commit(event.currentTarget)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
          if (event.key !== 'Escape') return;
          event.currentTarget.value = value;
          event.currentTarget.blur();
        }}
      />
    </label>
  );
}

function Neighbours({ cell }: { cell: CellRow }) {
  const now = laid.value;
  if (!now) return null;
  return (
    <div class="desk-neighbours">
      <h3>{t('desk.neighbours')}</h3>
      <div class="toggles" data-keys="desk">
        {cell.neighbours.map((code, i) => {
          const deviation = now.deviations.get(code);
          return (
            <button
              key={code}
              type="button"
              class="toggle"
              aria-pressed={neighbour.value === code}
              data-neighbour={code}
              onClick={() => chooseNeighbour(code)}
              onMouseEnter={() => {
                hovered.value = code;
              }}
              onMouseLeave={() => {
                hovered.value = null;
              }}
            >
              {i < 9 && <kbd>{i + 1}</kbd>}
              {nameOf(now, code)}
              <small>{deviation === undefined ? '' : formatChange(deviation)}</small>
            </button>
          );
        })}
      </div>
      {editable.value && neighbour.value && tool.value !== 'vertex' && tool.value !== 'split' && <Walk />}
      {editable.value && neighbour.value && tool.value === 'vertex' && <p class="muted">{t('desk.walk.vertexhint')}</p>}
    </div>
  );
}

/** Moves blocks over the border one by one, the map showing which. */
function Walk() {
  const now = laid.value;
  const blocks = borderBlocks.value;
  const place = blocks.findIndex(({ id }) => id === shownBlock.value);
  const block = blocks[place];
  if (!now || !neighbour.value) return null;
  return (
    <div class="desk-walk">
      <Segmented
        label={t('desk.walk.direction')}
        choices={['give', 'take'] as const}
        value={giving.value ? 'give' : 'take'}
        text={(way) => t(`desk.walk.${way}`)}
        onChoose={(way) => {
          letGo();
          giving.value = way === 'give';
        }}
      />
      <button
        type="button"
        class="icon-button small"
        aria-label={t('desk.walk.previous')}
        title={`${t('desk.walk.previous')} ([)`}
        onClick={() => step(-1)}
      >
        <PreviousIcon />
      </button>
      <span data-testid="walk">
        {block
          ? t('desk.walk.place', { number: place + 1, count: blocks.length, households: block.households })
          : t('desk.walk.count', { count: blocks.length })}
      </span>
      <button
        type="button"
        class="icon-button small"
        aria-label={t('desk.walk.next')}
        title={`${t('desk.walk.next')} (])`}
        onClick={() => step(1)}
      >
        <NextIcon />
      </button>
      <button type="button" class="button small" disabled={!block} onClick={() => void moveShown()}>
        {t('desk.walk.move')}
      </button>
    </div>
  );
}
