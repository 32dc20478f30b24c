/** The table of cells, linked with the map both ways. */
import { useComputed, useSignalEffect } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { formatChange, formatNumber, t } from '../../i18n';
import type { CellRow } from '../api/types';
import { COLUMNS, type Column, reorder, tableRows } from '../model/table';
import { filter, goTo, hovered, laid, order, primary, select, selected } from '../state/session';
import { LockIcon } from './icons';

export function CellTable() {
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useComputed(() => (laid.value ? tableRows(laid.value, order.value, filter.value) : []));
  // What is chosen on the map is brought into the table's view.
  useSignalEffect(() => {
    const code = primary.value;
    if (code) body.current?.querySelector(`[data-code="${code}"]`)?.scrollIntoView({ block: 'nearest' });
  });
  const onKey = (event: TargetedKeyboardEvent<HTMLTableSectionElement>) => {
    const codes = rows.peek().map(({ code }) => code);
    const here = codes.indexOf((event.target as Element).closest('tr')?.dataset.code ?? '');
    const places: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: codes.length - 1 };
    const to = places[event.key];
    if (event.key === ' ') {
      const code = codes[here];
      if (code) select(code, true);
    } else if (to !== undefined) {
      const code = codes[Math.min(codes.length - 1, Math.max(0, to))];
      if (!code) return;
      // As in any grid: Ctrl moves the focus alone, for Space to choose; Shift takes in what it comes to.
      if (event.shiftKey) {
        if (!selected.peek().includes(code)) select(code, true);
      } else if (!event.ctrlKey && !event.metaKey) goTo(code);
      body.current?.querySelector<HTMLElement>(`[data-code="${code}"]`)?.focus();
    } else return;
    event.preventDefault();
  };
  const first = rows.value.some(({ code }) => code === primary.value) ? primary.value : rows.value[0]?.code;
  return (
    <div class="desk-table-box">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table whose rows are chosen. */}
      <table class="desk-table" role="grid" aria-label={t('desk.cells')} aria-multiselectable="true">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <Heading key={column} column={column} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} data-keys="desk" onKeyDown={onKey}>
          {rows.value.map((row) => (
            <Row key={row.code} row={row} reachable={row.code === first} />
          ))}
        </tbody>
      </table>
      {rows.value.length === 0 && <p class="muted desk-none">{t('desk.cells.none')}</p>}
    </div>
  );
}

function Heading({ column }: { column: Column }) {
  const { column: by, descending } = order.value;
  const sorted = by === column;
  return (
    <th aria-sort={sorted ? (descending ? 'descending' : 'ascending') : 'none'} class={column}>
      <button
        type="button"
        title={t(`desk.column.${column}.hint`)}
        onClick={() => {
          order.value = reorder(order.peek(), column);
        }}
      >
        {t(`desk.column.${column}`)}
        <span aria-hidden="true" class="sort-mark">
          {sorted ? (descending ? '▾' : '▴') : ''}
        </span>
      </button>
    </th>
  );
}

function Row({ row, reachable }: { row: CellRow; reachable: boolean }) {
  const { code } = row;
  const now = laid.value;
  const look = useComputed(() => (hovered.value === code ? 'hovered' : ''));
  const chosen = useComputed(() => selected.value.includes(code));
  const deviation = now?.deviations.get(code);
  const over = deviation !== undefined && now !== null && Math.abs(deviation) > now.tolerance;
  return (
    <tr
      data-code={code}
      class={look}
      aria-selected={chosen}
      tabIndex={reachable ? 0 : -1}
      onClick={(event) => (event.shiftKey || event.ctrlKey || event.metaKey ? select(code, true) : goTo(code))}
      onMouseEnter={() => {
        hovered.value = code;
      }}
      onMouseLeave={() => {
        if (hovered.peek() === code) hovered.value = null;
      }}
    >
      <th scope="row" title={code}>
        {row.locked && <LockIcon />}
        {row.name || code}
      </th>
      <td>{formatNumber(row.households)}</td>
      <td class={over ? 'over' : ''}>{deviation === undefined ? t('desk.dash') : formatChange(deviation)}</td>
      <td>{typeof row.persons === 'number' ? formatNumber(row.persons) : t('desk.dash')}</td>
      <td>{formatNumber(row.area_m2 / 10_000, 1)}</td>
      <td>{formatNumber(row.compactness, 2)}</td>
      <td>{formatNumber(row.groups)}</td>
      <td>{formatNumber(row.issues_month, 1)}</td>
    </tr>
  );
}

export function CellFilter() {
  return (
    <input
      type="search"
      class="desk-filter"
      aria-label={t('desk.filter')}
      placeholder={t('desk.filter')}
      value={filter.value}
      onInput={(event) => {
        filter.value = event.currentTarget.value;
      }}
    />
  );
}
