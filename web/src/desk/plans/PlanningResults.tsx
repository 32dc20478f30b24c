/** Results side by side: each with its map and figures, one of them to choose. */
import { useMemo } from 'preact/hooks';
import { formatNumber, t } from '../../i18n';
import { mapTheme } from '../../state/screen';
import type { PlannedCell, Planning, PlanningResult, PlanningScore, Variant } from './api';
import { DeviationLegend } from './DeviationLegend';
import { deviationColour, deviationsOf } from './deviation';
import { areaPath, type Frame, frameOf } from './picture';
import { alike, WISHES, type Wish } from './planningRun';
import { formatPercent, stageText } from './words';

/** What the planner allows unless told otherwise. */
const TOLERANCE = 0.1;

const wishName = (balance: number) => (Object.keys(WISHES) as Wish[]).find((wish) => WISHES[wish] === balance) ?? null;

function wishText({ balance, seed }: Variant): string {
  const wish = wishName(balance);
  return `${wish ? t(`planning.wish.${wish}`) : formatNumber(balance, 2)} · ${t('planning.seed', { seed })}`;
}

/** What is told of a result; the least compact cell is seen on its map. */
type Figure = Exclude<keyof PlanningScore, 'compactness_min'>;
type Best = Partial<Record<Figure, number>>;

/** The best figure of each kind among the results, where it is not all the same. */
export function bestOf(scores: readonly PlanningScore[]): Best {
  const best: Best = {};
  const pick = (key: Figure, better: (...values: number[]) => number) => {
    const values = scores.map((score) => score[key]);
    if (new Set(values).size > 1) best[key] = better(...values);
  };
  pick('largest', Math.min);
  pick('average', Math.min);
  pick('compactness_mean', Math.max);
  pick('along_share', Math.max);
  return best;
}

export function PlanningResults(props: {
  variants: readonly Variant[];
  planning: Planning | null;
  running: boolean;
  chosen: number | null;
  onChoose: (n: number) => void;
}) {
  const { variants, planning, running, chosen, onChoose } = props;
  const results = planning?.results ?? [];
  const drawn = results.filter((result) => result.cells?.length);
  const drawnIds = drawn.map(({ n }) => n).join();
  // A result that is done does not change.
  const frame = useMemo(() => frameOf(drawn.flatMap(({ cells }) => cells ?? [])), [drawnIds]);
  const kinds = useMemo(() => alike(drawn).map((kind) => kind.map(({ n }) => n)), [drawnIds]);
  /** Variants by their place that come to the same as this one, itself among them; none for one that is told with another. */
  const toldWith = (result: PlanningResult | null, index: number): number[] => {
    const kind = kinds.find((those) => result !== null && those.includes(result.n));
    if (!kind) return [index];
    return kind[0] === result?.n ? kind.map((n) => results.findIndex((other) => other.n === n)) : [];
  };
  const repeated = kinds.reduce((sum, kind) => sum + kind.length - 1, 0);
  const best = bestOf(results.flatMap(({ score }) => score ?? []));
  return (
    <fieldset class="results" data-testid="results">
      <legend class="visually-hidden">{t('planning.results')}</legend>
      {repeated > 0 && <p class="notice">{t(kinds.length > 1 ? 'planning.alike' : 'planning.alike.all')}</p>}
      <ul class="result-list">
        {variants.map((variant, index) => {
          const result = results[index] ?? null;
          const places = toldWith(result, index);
          if (places.length === 0) return null;
          return (
            <ResultCard
              key={`${variant.seed} ${variant.balance}`}
              {...{ result, frame, best, running }}
              numbers={places.map((place) => place + 1)}
              variants={places.flatMap((place) => variants[place] ?? [])}
              isChosen={chosen !== null && places.some((place) => results[place]?.n === chosen)}
              onChoose={onChoose}
            />
          );
        })}
      </ul>
      {drawn.length > 0 && <DeviationLegend tolerance={TOLERANCE} />}
    </fieldset>
  );
}

function ResultCard(props: {
  /** Those that came to this result, from 1, and what they wished for. */
  numbers: readonly number[];
  variants: readonly Variant[];
  result: PlanningResult | null;
  frame: Frame | null;
  best: Best;
  running: boolean;
  isChosen: boolean;
  onChoose: (n: number) => void;
}) {
  const { numbers, variants, result, frame, best, running, isChosen, onChoose } = props;
  const title = t('planning.variant', { n: numbers.join(t('publish.and')) });
  const done = result?.done === true && !!result.cells?.length;
  const progress = result?.done ? 1 : (result?.progress ?? 0);
  return (
    <li class={isChosen ? 'result chosen' : 'result'} data-result={numbers[0]}>
      <label class="result-choice">
        <span class="result-head">
          <input
            type="radio"
            name="result"
            checked={isChosen}
            disabled={!done}
            onChange={() => result && onChoose(result.n)}
          />
          <strong>{title}</strong>
          {variants.map((variant) => (
            <small key={`${variant.seed} ${variant.balance}`}>{wishText(variant)}</small>
          ))}
        </span>
        {done && frame && result.cells && <ResultMap cells={result.cells} frame={frame} />}
      </label>
      {!(done && frame) && (
        <div class="result-wait">
          {running && !result?.error ? (
            <>
              <progress value={progress} max={1} aria-label={t('planning.progress', { variant: title })} />
              <small>
                {result ? stageText(result.stage) : t('planning.waiting')} {formatPercent(progress, 0)}
              </small>
            </>
          ) : (
            <small>{result?.error ?? t('planning.nothing')}</small>
          )}
        </div>
      )}
      {result?.score && <Score score={result.score} best={best} />}
    </li>
  );
}

function Score({ score, best }: { score: PlanningScore; best: Best }) {
  const figures: [Figure, string][] = [
    ['largest', formatPercent(score.largest)],
    ['average', formatPercent(score.average)],
    ['compactness_mean', formatNumber(score.compactness_mean, 2)],
    ['along_share', formatPercent(score.along_share, 0)],
    ['cells', formatNumber(score.cells)],
    ['groups', formatNumber(score.groups)],
  ];
  return (
    <dl class="score">
      {figures.map(([key, text]) => (
        <div key={key} class={best[key] !== undefined && best[key] === score[key] ? 'best' : undefined}>
          <dt>{t(`planning.score.${key}`)}</dt>
          <dd>
            {text}
            {best[key] !== undefined && best[key] === score[key] && (
              <span class="visually-hidden"> {t('planning.best')}</span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A picture for the eye; its figures beside it tell the rest. A click on it chooses, being part of the choice's label. */
function ResultMap({ cells, frame }: { cells: readonly PlannedCell[]; frame: Frame }) {
  const paths = useMemo(
    () => cells.map(({ code, geometry }) => [code, areaPath(geometry, frame)] as const),
    [cells, frame],
  );
  const deviations = useMemo(() => deviationsOf(cells), [cells]);
  const { diverging } = mapTheme.value;
  return (
    <svg
      class="result-map"
      viewBox={`-2 -2 ${frame.width + 4} ${frame.height + 4}`}
      aria-hidden="true"
      preserveAspectRatio="xMidYMid meet"
    >
      {paths.map(([code, d]) => (
        <path
          key={code}
          d={d}
          fill-rule="evenodd"
          vector-effect="non-scaling-stroke"
          fill={deviationColour(deviations.get(code), TOLERANCE, diverging, 'none')}
        />
      ))}
    </svg>
  );
}
