/** The table of cells: order and filter. */
import type { CellRow } from '../api/types';
import type { Laid } from './laid';

export const COLUMNS = [
  'name',
  'households',
  'deviation',
  'persons',
  'area_m2',
  'compactness',
  'groups',
  'issues_month',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  column: Column;
  descending: boolean;
}

/** Largest deviation, whichever way, first. */
export const WORST_FIRST: Order = { column: 'deviation', descending: true };

function sortValue(laid: Laid, row: CellRow, column: Column): number | string {
  if (column === 'name') return row.name || row.code;
  // Cells that no balance is asked of come last.
  if (column === 'deviation') {
    const deviation = laid.deviations.get(row.code);
    return deviation === undefined ? -1 : Math.abs(deviation);
  }
  return row[column] ?? -1;
}

export function tableRows(laid: Laid, order: Order, filter: string): CellRow[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const communities = new Map(laid.communities.map(({ code, name }) => [code, name]));
  const matches = ({ code, name, community }: CellRow) =>
    !wanted ||
    [code, name, communities.get(community ?? '') ?? ''].some((text) => text.toLocaleLowerCase().includes(wanted));
  const sign = order.descending ? -1 : 1;
  return [...laid.cells.values()]
    .filter(matches)
    .map((row) => ({ row, value: sortValue(laid, row, order.column) }))
    .sort((a, b) => {
      const by =
        typeof a.value === 'number' && typeof b.value === 'number'
          ? a.value - b.value
          : String(a.value).localeCompare(String(b.value), 'zh-CN', { numeric: true });
      return by * sign || (a.row.code < b.row.code ? -1 : 1);
    })
    .map(({ row }) => row);
}

/** A column named again turns round; a new one begins with what is looked for: the most, or the first name. */
export function reorder(order: Order, column: Column): Order {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: column !== 'name' };
}
