/** Which issues count, on the map and in every number. */
import { formatNumber, t, tWord } from '../i18n';
import { compareWith, filter } from '../state/app';
import { info, totals } from '../state/data';
import {
  type IssueFilter,
  isFiltered,
  NO_FILTER,
  PRESET_DAYS,
  STATUSES,
  type TimeRange,
  toggled,
} from '../state/filter';
import { mapTheme } from '../state/screen';
import { ComparisonChoice } from './Comparison';
import { DateField, Toggle } from './parts';

function change(part: Partial<IssueFilter>) {
  filter.value = { ...filter.value, ...part };
}

export function FilterPanel() {
  const { categories, statuses, range } = filter.value;
  const issues = info.value.data?.issues;
  const known = issues?.categories ?? [];
  return (
    <div class="filters">
      <FilterResult />
      <fieldset class="filter-group">
        <legend>{t('filters.time')}</legend>
        <div class="toggles">
          {PRESET_DAYS.map((days) => (
            <Toggle
              key={days}
              on={range.kind === 'days' && range.days === days}
              onToggle={() => change({ range: { kind: 'days', days } })}
            >
              {t('filters.days', { days })}
            </Toggle>
          ))}
          <Toggle on={range.kind === 'all'} onToggle={() => change({ range: { kind: 'all' } })}>
            {t('filters.all')}
          </Toggle>
        </div>
        <DateRange range={range} />
        <ComparisonChoice />
      </fieldset>
      <fieldset class="filter-group">
        <legend>{t('filters.status')}</legend>
        <div class="toggles">
          {STATUSES.map((status) => (
            <Toggle
              key={status}
              on={statuses.includes(status)}
              colour={mapTheme.value.status[status]}
              onToggle={() => change({ statuses: toggled(statuses, status) })}
            >
              {t(`status.${status}`)}
            </Toggle>
          ))}
        </div>
      </fieldset>
      <fieldset class="filter-group">
        <legend>{t('filters.category')}</legend>
        {known.length === 0 && <p class="muted">{t('filters.none')}</p>}
        <div class="toggles">
          {known.map(({ category, count }) => (
            <Toggle
              key={category}
              on={categories.includes(category)}
              count={count}
              onToggle={() => change({ categories: toggled(categories, category) })}
            >
              {tWord('category', category)}
            </Toggle>
          ))}
        </div>
      </fieldset>
    </div>
  );
}

function DateRange({ range }: { range: TimeRange }) {
  const between = range.kind === 'between' ? range : { from: null, to: null };
  const put = (from: string | null, to: string | null) =>
    change({ range: from || to ? { kind: 'between', from, to } : { kind: 'all' } });
  return (
    <div class="date-range">
      <DateField
        label={t('filters.from')}
        value={between.from}
        max={between.to}
        onChange={(day) => put(day, between.to)}
      />
      <span aria-hidden="true">–</span>
      <DateField
        label={t('filters.to')}
        value={between.to}
        min={between.from}
        onChange={(day) => put(between.from, day)}
      />
    </div>
  );
}

function FilterResult() {
  const sum = totals.value;
  return (
    <div class="filter-result">
      <span aria-live="polite">
        {sum && t('filters.live', { total: formatNumber(sum.total), open: formatNumber(sum.open) })}
      </span>
      <button
        type="button"
        class="text-button"
        disabled={!isFiltered(filter.value)}
        onClick={() => {
          filter.value = NO_FILTER;
          compareWith(null);
        }}
      >
        {t('filters.reset')}
      </button>
    </div>
  );
}
