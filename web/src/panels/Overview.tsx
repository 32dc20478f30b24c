/** The whole at a glance, when nothing is selected. */

import type { StreetInfo } from '../api/types';
import { formatNumber, t } from '../i18n';
import { asOf, filter, selection, today } from '../state/app';
import { busiest, busiestAreas, info, pastFigures, totals } from '../state/data';
import { isFiltered } from '../state/filter';
import { gridMap } from '../state/mapHandle';
import { EstimatedBadge, Stat } from './parts';

export function Overview() {
  const data = info.value.data;
  if (!data) return <OverviewSkeleton />;
  return (
    <div class="overview">
      <section aria-label={t('overview.streets')}>
        {data.streets.map((street) => (
          <StreetCard key={street.code} street={street} />
        ))}
      </section>
      <IssueSummary />
      <BusiestCells />
    </div>
  );
}

function OverviewSkeleton() {
  return (
    <div class="skeleton" role="status" aria-label={t('detail.loading')}>
      <span />
      <span />
      <span />
    </div>
  );
}

/** The published plan in force on the day looked at. */
function planInForce(street: StreetInfo, day: string) {
  return street.plans.find(
    ({ state, valid_from, valid_to }) =>
      state !== 'draft' && valid_from && valid_from <= day && (!valid_to || day < valid_to),
  );
}

function StreetCard({ street }: { street: StreetInfo }) {
  const plan = planInForce(street, asOf.value ?? today.value);
  const figures = asOf.value ? pastFigures.value.data?.get(street.code) : street;
  const planned = plan ? figures : null;
  return (
    <article class="card street-card">
      <header>
        <button
          type="button"
          class="link-title"
          onClick={() => {
            selection.value = { kind: 'area', code: street.code };
            gridMap.value?.fit(street.bbox);
          }}
        >
          {street.name || street.code}
        </button>
        {street.estimated && <EstimatedBadge />}
        <code>{street.code}</code>
      </header>
      <dl class="stats four">
        <Stat label={t('stat.households')} value={figures?.households ?? null} />
        <Stat label={t('stat.communities')} value={planned?.communities ?? null} />
        <Stat label={t('stat.cells')} value={planned?.cells ?? null} />
        <Stat label={t('stat.groups')} value={planned?.groups ?? null} />
      </dl>
      <p class="muted">
        {plan ? t('overview.plan', { plan: plan.plan, from: plan.valid_from ?? '' }) : t('overview.noplan')}
      </p>
    </article>
  );
}

function IssueSummary() {
  const sum = totals.value;
  const closed = sum && sum.total > 0 ? (sum.total - sum.open) / sum.total : null;
  return (
    <section class="card" aria-label={t('overview.issues')} data-testid="issue-summary">
      <header>
        <h3>{t('overview.issues')}</h3>
        <span class={isFiltered(filter.value) ? 'chip accent' : 'chip'}>
          {t(isFiltered(filter.value) ? 'overview.filtered' : 'overview.alltime')}
        </span>
      </header>
      <dl class="stats three">
        <Stat label={t('overview.total')} value={sum?.total ?? null} />
        <Stat label={t('overview.open')} value={sum?.open ?? null} />
        <Stat label={t('overview.closedrate')} value={closed === null ? null : `${formatNumber(closed * 100, 1)}%`} />
      </dl>
      {closed !== null && (
        <meter class="closed-bar" min={0} max={1} value={closed} aria-label={t('overview.closedrate')} />
      )}
    </section>
  );
}

function BusiestCells() {
  const rows = busiest.value;
  const areas = busiestAreas.value.data;
  const most = rows[0]?.total ?? 0;
  if (most === 0) return null;
  return (
    <section class="card" aria-label={t('overview.top')}>
      <h3>{t('overview.top')}</h3>
      <ol class="ranking">
        {rows.map(({ code, total }) => {
          const area = areas?.get(code);
          return (
            <li key={code}>
              <button
                type="button"
                title={code}
                onClick={() => {
                  selection.value = { kind: 'area', code };
                  if (area) gridMap.value?.fit(area.bbox);
                }}
              >
                <span class="ranking-name">{area?.name || code}</span>
                <span class="ranking-count">{formatNumber(total)}</span>
                <span class="ranking-bar" style={{ width: `${(total / most) * 100}%` }} aria-hidden="true" />
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
