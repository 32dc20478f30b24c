/** How even the plan is: the numbers, the distribution, and what is wrong. */
import { formatChange, formatNumber, t, tWord } from '../../i18n';
import { mapTheme } from '../../state/screen';
import { deviationLimits } from '../map/layers';
import { type Bin, histogram } from '../model/histogram';
import { filter, laid, problemShown, selected } from '../state/session';
import { nextProblem } from '../tools/actions';
import { NextIcon } from './icons';

const percent = (share: number) => formatNumber(Math.abs(share) * 100, 1) + t('desk.percent');

export function BalanceLine() {
  const now = laid.value;
  if (!now) return null;
  const { mean, largest, average, beyond } = now.balance;
  const figures = [
    ['desk.balance.mean', formatNumber(mean), ''],
    ['desk.balance.largest', percent(largest), Math.abs(largest) > now.tolerance ? 'over' : ''],
    ['desk.balance.average', percent(average), ''],
    ['desk.balance.beyond', formatNumber(beyond), beyond > 0 ? 'over' : ''],
  ] as const;
  return (
    <dl class="desk-balance" data-testid="balance">
      {figures.map(([key, text, mark]) => (
        <div key={key} class={mark}>
          <dt>{t(key)}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const WIDTH = 300;
const HEIGHT = 56;

/** Colour of a class in the scale of the map. */
function colourOf(bin: Bin, tolerance: number, colours: readonly string[]): string {
  const middle = (bin.from + bin.to) / 2;
  return colours[deviationLimits(tolerance).filter((limit) => middle >= limit).length] ?? 'gray';
}

export function Histogram() {
  const now = laid.value;
  if (!now) return null;
  const bins = histogram(now);
  const most = Math.max(1, ...bins.map(({ codes }) => codes.length));
  const width = WIDTH / bins.length;
  const marked = new Set(selected.value);
  const { diverging } = mapTheme.value;
  const label = t('desk.histogram', { count: now.deviations.size, beyond: now.balance.beyond });
  return (
    <figure class="desk-histogram">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + 14}`} role="img" aria-label={label}>
        {bins.map((bin, i) => {
          const height = (bin.codes.length / most) * (HEIGHT - 10);
          return (
            <g key={bin.from}>
              <title>{`${formatChange(bin.from)} … ${formatChange(bin.to)}: ${bin.codes.length}`}</title>
              <rect
                x={i * width + 1}
                y={HEIGHT - height}
                width={width - 2}
                height={height}
                fill={colourOf(bin, now.tolerance, diverging)}
                class={bin.codes.some((code) => marked.has(code)) ? 'bar marked' : 'bar'}
              />
              {bin.codes.length > 0 && (
                <text x={(i + 0.5) * width} y={HEIGHT - height - 2} class="count">
                  {bin.codes.length}
                </text>
              )}
            </g>
          );
        })}
        <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} class="axis" />
        {[-1, 0, 1].map((side) => (
          <text key={side} x={WIDTH / 2 + side * 2 * width} y={HEIGHT + 12} class="tick">
            {side === 0 ? formatNumber(now.balance.mean) : formatChange(side * now.tolerance)}
          </text>
        ))}
      </svg>
    </figure>
  );
}

export function Problems() {
  const now = laid.value;
  if (!now) return null;
  const counts = new Map<string, number>();
  for (const { kind } of now.problems) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const total = now.problems.length;
  return (
    <div class="desk-problems">
      <span class={total ? 'muted' : 'muted good'} data-testid="problems">
        {total === 0
          ? t('desk.problem.none')
          : [...counts].map(([kind, count]) => `${tWord('desk.problem', kind)} ${count}`).join(t('desk.comma'))}
      </span>
      <button
        type="button"
        class="button small"
        disabled={total === 0}
        title={`${t('desk.problem.next')} (N)`}
        onClick={() => {
          filter.value = '';
          nextProblem();
        }}
      >
        {t('desk.problem.next')}
        {total > 0 && problemShown.value >= 0 && (
          <small>{t('desk.of', { number: Math.min(problemShown.value + 1, total), count: total })}</small>
        )}
        <NextIcon />
      </button>
    </div>
  );
}

/** The colours on the map. */
export function DeviationLegend() {
  const now = laid.value;
  if (!now) return null;
  const limits = deviationLimits(now.tolerance);
  return (
    <div class="desk-legend" data-legend="deviation">
      <h2>{t('desk.legend')}</h2>
      <ol>
        {mapTheme.value.diverging.map((colour, i) => (
          <li key={colour}>
            <span class="swatch" style={{ background: colour }} aria-hidden="true" />
            <small>
              {i < limits.length
                ? `≤ ${formatChange(limits[i] as number)}`
                : `> ${formatChange(limits.at(-1) as number)}`}
            </small>
          </li>
        ))}
      </ol>
    </div>
  );
}
