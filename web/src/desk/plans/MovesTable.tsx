/** Who moves from which cell to which, most households first. */
import { useState } from 'preact/hooks';
import { formatNumber, t } from '../../i18n';
import type { Move } from './api';
import { cellText } from './words';

/** Rows shown before all are asked for. */
const FEW = 12;

export const sameMove = (a: Pick<Move, 'from' | 'to'> | null, b: Pick<Move, 'from' | 'to'>) =>
  a !== null && a.from === b.from && a.to === b.to;

export function MovesTable(props: {
  street: string;
  moves: readonly Move[];
  names: ReadonlyMap<string, string>;
  /** Where rows can be chosen: the one chosen, and what to do with another. */
  chosen?: Move | null;
  onChoose?: (move: Move | null) => void;
}) {
  const { street, moves, names, chosen = null, onChoose } = props;
  const [all, setAll] = useState(false);
  const sorted = [...moves].sort((a, b) => b.households - a.households || a.from.localeCompare(b.from));
  const shown = all ? sorted : sorted.slice(0, FEW);
  if (moves.length === 0) return <p class="muted">{t('plans.moves.none')}</p>;
  return (
    <>
      <table class="plan-table" data-testid="moves">
        <caption class="visually-hidden">{t('plans.moves')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('plans.moves.from')}</th>
            <th scope="col">{t('plans.moves.to')}</th>
            <th scope="col" class="number">
              {t('stat.households')}
            </th>
            <th scope="col" class="number">
              {t('plans.moves.issues')}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((move) => (
            <tr key={`${move.from} ${move.to}`} class={sameMove(chosen, move) ? 'chosen' : undefined}>
              <td title={move.from}>
                {onChoose ? (
                  <button
                    type="button"
                    class="row-button"
                    aria-pressed={sameMove(chosen, move)}
                    onClick={() => onChoose(sameMove(chosen, move) ? null : move)}
                  >
                    {cellText(move.from, street, names)}
                  </button>
                ) : (
                  cellText(move.from, street, names)
                )}
              </td>
              <td title={move.to}>{cellText(move.to, street, names)}</td>
              <td class="number">{formatNumber(move.households)}</td>
              <td class="number">{formatNumber(move.issues_open)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > FEW && (
        <button type="button" class="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('plans.moves.few') : t('plans.moves.all', { count: formatNumber(sorted.length) })}
        </button>
      )}
    </>
  );
}
