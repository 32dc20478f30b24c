/** What the colours mean, from the very data the map draws with. */
import { formatNumber, t } from '../i18n';
import { GROUPS_ZOOM, HOUSEHOLDS_ZOOM } from '../map/layers/grid';
import { SINGLE_ISSUES_ZOOM } from '../map/layers/issues';
import { camera, isOn, level, measure, shading } from '../state/app';
import { type ChangeClass, divergingIndex } from '../state/change';
import { type ClassRange, colourIndex } from '../state/choropleth';
import { change, classes, hotspots, info } from '../state/data';
import { STATUSES } from '../state/filter';
import { BINS, binColour, confidenceOf, hotspotClass, isMute } from '../state/hotspots';
import { mapTheme } from '../state/screen';
import { AREA_LEVELS } from '../state/view';
import { Swatch } from './parts';

export function Legend() {
  const { heat } = mapTheme.value;
  return (
    <section class="legend" aria-label={t('legend.title')}>
      {isOn('choropleth') && <AreaLegend />}
      {isOn('heat') && (
        <div class="legend-part">
          <h3>{t('legend.heat')}</h3>
          <div
            class="legend-ramp"
            style={{ background: `linear-gradient(to right, ${heat.map(([, colour]) => colour).join(', ')})` }}
          />
          <div class="legend-ends">
            <span>{t('legend.low')}</span>
            <span>{t('legend.high')}</span>
          </div>
        </div>
      )}
      {isOn('issues') && (info.value.data?.issues.total ?? 0) > 0 && <IssueLegend />}
      <PeopleLegend />
      <BoundaryLegend />
    </section>
  );
}

/** `3 – 8` for counts, whole numbers; `≥ 3` for the last class; rates with one decimal. */
export function rangeText({ from, below }: ClassRange, whole: boolean): string {
  const digits = whole ? 0 : 1;
  const low = formatNumber(from, digits);
  if (below === null) return t('legend.atleast', { from: low });
  if (!whole) return `${low} – ${formatNumber(below, digits)}`;
  return below - from <= 1 ? low : `${low} – ${formatNumber(below - 1)}`;
}

function AreaLegend() {
  if (shading.value === 'hotspots') return <HotspotLegend />;
  return change.value ? <ChangeLegend /> : <ChoroplethLegend />;
}

const shownLevel = () => ({ level: t(`level.${level.value}`).toLowerCase() });

/** One row from cold to hot, so that the scale reads as one. */
function HotspotLegend() {
  const { data, error } = hotspots.value;
  const theme = mapTheme.value;
  const mute = error || (data && isMute(data));
  return (
    <div class="legend-part" data-legend="hotspots">
      <h3>{t(`legend.hotspots.${measure.value}`, shownLevel())}</h3>
      {mute ? (
        <p class="muted" role="status">
          {t(error ? 'hotspot.failed' : 'hotspot.empty')}
        </p>
      ) : (
        <>
          <ul class="legend-bins">
            {BINS.map((bin) => (
              <li key={bin} title={findingText(0, bin)}>
                <Swatch colour={theme.diverging[binColour(bin)] ?? ''} opacity={theme.choroplethOpacity} />
                <span aria-hidden="true">{bin === 0 ? '–' : t('legend.percent', { percent: confidenceOf(bin) })}</span>
                <span class="visually-hidden">{findingText(0, bin)}</span>
              </li>
            ))}
          </ul>
          <div class="legend-ends" aria-hidden="true">
            <span>{t('legend.cold')}</span>
            <span>{t('legend.calm')}</span>
            <span>{t('legend.hot')}</span>
          </div>
        </>
      )}
    </div>
  );
}

/** What is said of an area: hot or cold and how surely, or why nothing. */
export function findingText(z: number | null | undefined, bin: number): string {
  const finding = hotspotClass(z, bin);
  const text = t(`hotspot.${finding}`);
  const sure = finding === 'hot' || finding === 'cold';
  return sure ? t('hotspot.confidence', { class: text, percent: confidenceOf(bin) }) : text;
}

function ChangeLegend() {
  const shown = change.value;
  const theme = mapTheme.value;
  if (!shown) return null;
  const steps = (shown.classes.length - 1) / 2;
  return (
    <div class="legend-part" data-legend="change">
      <h3>{t(`legend.change.${shown.measure}`, shownLevel())}</h3>
      <ul class="legend-classes">
        {shown.classes.map((entry) => (
          <li key={entry.step}>
            <Swatch
              colour={theme.diverging[divergingIndex(entry.step, steps)] ?? ''}
              opacity={theme.choroplethOpacity}
            />
            {changeText(entry, shown.measure === 'count')}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function changeText({ step, range }: ChangeClass, whole: boolean): string {
  if (step === 0) return t('change.same');
  return t(step > 0 ? 'change.more' : 'change.less', { range: rangeText(range, whole) });
}

function ChoroplethLegend() {
  const shown = classes.value;
  const theme = mapTheme.value;
  return (
    <div class="legend-part" data-legend="choropleth">
      <h3>{t(`legend.${measure.value}`, shownLevel())}</h3>
      {shown ? (
        <ul class="legend-classes">
          {shown.ranges.map((range, index) => (
            <li key={range.from}>
              <Swatch
                colour={theme.choropleth[colourIndex(index, shown.ranges.length)] ?? ''}
                opacity={theme.choroplethOpacity}
              />
              {rangeText(range, shown.measure === 'count')}
            </li>
          ))}
        </ul>
      ) : (
        <p class="muted">{t('legend.nodata')}</p>
      )}
    </div>
  );
}

function IssueLegend() {
  const theme = mapTheme.value;
  if ((camera.value?.zoom ?? 0) < SINGLE_ISSUES_ZOOM) {
    return (
      <div class="legend-part legend-row">
        <span class="legend-bin" style={{ background: theme.bin.fill, color: theme.bin.text }} aria-hidden="true">
          99
        </span>
        <span>{t('legend.bins')}</span>
      </div>
    );
  }
  return (
    <div class="legend-part">
      <h3>{t('legend.issues')}</h3>
      <ul class="legend-inline">
        {STATUSES.map((status) => (
          <li key={status}>
            <Swatch colour={theme.status[status]} round />
            {t(`status.${status}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Groups and households, once they are close enough to be drawn. */
function PeopleLegend() {
  const { group, household } = mapTheme.value;
  const zoom = camera.value?.zoom ?? 0;
  const groups = isOn('groups') && zoom >= GROUPS_ZOOM;
  const households = isOn('households') && zoom >= HOUSEHOLDS_ZOOM && info.value.data?.households_layer;
  if (!groups && !households) return null;
  return (
    <div class="legend-part">
      <h3>{t('legend.people')}</h3>
      <ul class="legend-inline">
        {groups && (
          <li>
            <Swatch colour={group.fill} opacity={0.5} />
            {t('layer.groups')}
          </li>
        )}
        {households && (
          <>
            <li>
              <Swatch colour={household.head} round />
              {t('legend.head')}
            </li>
            <li>
              <Swatch colour={household.member} round />
              {t('legend.member')}
            </li>
          </>
        )}
      </ul>
    </div>
  );
}

const EDGE_PX = { street: 3, community: 2, cell: 1 } as const;
const SWITCH = { street: 'streets', community: 'communities', cell: 'cells' } as const;

function BoundaryLegend() {
  const levels = AREA_LEVELS.filter((l) => isOn(SWITCH[l]));
  if (levels.length === 0) return null;
  return (
    <div class="legend-part">
      <h3>{t('legend.boundaries')}</h3>
      <ul class="legend-inline">
        {levels.map((l) => (
          <li key={l}>
            <span
              class="legend-line"
              style={{ background: mapTheme.value.edge[l], height: `${EDGE_PX[l]}px` }}
              aria-hidden="true"
            />
            {t(`level.${l}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}
