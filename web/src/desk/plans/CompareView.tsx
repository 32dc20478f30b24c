/** Two plans beside each other: before and after on the map, what differs, who moves, and how even both are. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { formatNumber, t } from '../../i18n';
import { Segmented, Swatch } from '../../panels/parts';
import { type Fetcher, fetcher } from '../../state/resource';
import { mapTheme } from '../../state/screen';
import { fetchDifference, fetchPicture, type Move, type PlanDifference, type PlanPicture } from './api';
import { CompareMaps } from './CompareMaps';
import { differenceColours, type Mode } from './compareStyle';
import { DeviationLegend } from './DeviationLegend';
import { Dialog, Failure } from './Dialog';
import { MovesTable } from './MovesTable';
import { usePlans } from './usePlans';
import { failureText, formatPercent } from './words';

const MODES: readonly Mode[] = ['swipe', 'difference'];

interface Question {
  street: string;
  a: number;
  b: number;
}

export interface Compared {
  a: PlanPicture;
  b: PlanPicture;
  difference: PlanDifference;
}

async function fetchCompared({ street, a, b }: Question, abort: AbortSignal): Promise<Compared> {
  const [before, after, difference] = await Promise.all([
    fetchPicture(street, a, abort),
    fetchPicture(street, b, abort),
    fetchDifference(street, a, b, abort),
  ]);
  return { a: before, b: after, difference };
}

export interface CompareProps {
  street: string;
  /** The plan before. */
  a: number;
  /** The plan after. */
  b: number;
  onClose: () => void;
}

export function CompareView(props: CompareProps) {
  const { street, onClose } = props;
  const [[a, b], setPair] = useState<[number, number]>([props.a, props.b]);
  const [mode, setMode] = useState<Mode>('swipe');
  const [chosen, setChosen] = useState<Move | null>(null);
  const { data: plans } = usePlans(street);
  const [compared] = useState((): Fetcher<Question, Compared> => fetcher(fetchCompared));
  useEffect(() => void compared.ask({ street, a, b }), [compared, street, a, b]);
  useEffect(() => () => void compared.ask(null), [compared]);
  const { data, error } = compared.state.value;
  const names = useMemo(
    () => new Map([...(data?.a.cells ?? []), ...(data?.b.cells ?? [])].map(({ code, name }) => [code, name])),
    [data],
  );
  const pick = (pair: [number, number]) => {
    setChosen(null);
    setPair(pair);
  };
  const choices = plans ?? [];
  return (
    <Dialog
      title={t('compare.plans')}
      size="full"
      onClose={onClose}
      status={t(data ? 'compare.ready' : 'detail.loading')}
    >
      <div class="compare-bar">
        <PlanChoice label={t('compare.a')} value={a} other={b} {...{ choices }} onChoose={(id) => pick([id, b])} />
        <PlanChoice label={t('compare.b')} value={b} other={a} {...{ choices }} onChoose={(id) => pick([a, id])} />
        <Segmented
          label={t('compare.mode')}
          choices={MODES}
          value={mode}
          text={(choice) => t(`compare.mode.${choice}`)}
          onChoose={setMode}
        />
      </div>
      <div class="compare-body">
        {data ? (
          <CompareMaps {...data} mode={mode} chosen={chosen} />
        ) : (
          <div class="compare-maps compare-wait">{!error && t('detail.loading')}</div>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <section class="compare-side" tabIndex={0} aria-label={t('compare.figures')}>
          {error && (
            <>
              <Failure>{failureText(error)}</Failure>
              <button type="button" class="button" onClick={() => void compared.ask({ street, a, b })}>
                {t('error.retry')}
              </button>
            </>
          )}
          {data && (
            <>
              {mode === 'swipe' ? <DeviationLegend tolerance={data.b.tolerance} /> : <DifferenceLegend />}
              <BalanceTable {...data} />
              <h3>{t('plans.moves')}</h3>
              <p class="muted">
                {t('compare.moved', {
                  households: formatNumber(data.difference.moves.reduce((sum, move) => sum + move.households, 0)),
                })}
              </p>
              <MovesTable
                street={street}
                moves={data.difference.moves}
                names={names}
                chosen={chosen}
                onChoose={setChosen}
              />
            </>
          )}
        </section>
      </div>
    </Dialog>
  );
}

function PlanChoice(props: {
  label: string;
  value: number;
  other: number;
  choices: readonly { id: number; name: string }[];
  onChoose: (id: number) => void;
}) {
  return (
    <label class="compare-choice">
      <span class="field-name">{props.label}</span>
      <select value={String(props.value)} onChange={(event) => props.onChoose(Number(event.currentTarget.value))}>
        {props.choices.map(({ id, name }) => (
          <option key={id} value={id} disabled={id === props.other}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function DifferenceLegend() {
  const theme = mapTheme.value;
  const colours = differenceColours(theme);
  return (
    <ul class="difference-legend">
      <li>
        <span class="legend-stroke dashed" style={{ borderColor: colours.a }} aria-hidden="true" />
        {t('compare.only.a')}
      </li>
      <li>
        <span class="legend-stroke" style={{ borderColor: colours.b }} aria-hidden="true" />
        {t('compare.only.b')}
      </li>
      <li>
        <Swatch colour={theme.household.head} round />
        {t('compare.legend.moved')}
      </li>
    </ul>
  );
}

function BalanceTable({ a, b, difference: { balance } }: Compared) {
  const rows: [string, string, string][] = [
    [t('stat.cells'), formatNumber(a.plan.cells), formatNumber(b.plan.cells)],
    [t('compare.mean'), formatNumber(balance.a.mean), formatNumber(balance.b.mean)],
    [t('planning.score.largest'), formatPercent(balance.a.largest), formatPercent(balance.b.largest)],
    [t('planning.score.average'), formatPercent(balance.a.average), formatPercent(balance.b.average)],
    [t('compare.beyond'), formatNumber(balance.a.beyond), formatNumber(balance.b.beyond)],
  ];
  return (
    <table class="plan-table" data-testid="compare-balance">
      <caption class="visually-hidden">{t('compare.balance')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('compare.balance')}</th>
          <th scope="col" class="number" title={a.plan.name}>
            {t('compare.a')}
          </th>
          <th scope="col" class="number" title={b.plan.name}>
            {t('compare.b')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, before, after]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td class="number">{before}</td>
            <td class="number">{after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
