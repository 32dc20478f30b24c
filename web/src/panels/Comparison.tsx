/** Two periods side by side: the choice in the filter, and an area's numbers in its card. */
import { formatChange, formatNumber, formatSigned, t } from '../i18n';
import { comparedPeriod, compareWith, comparison, period } from '../state/app';
import { type Compared, relativeChange } from '../state/change';
import { comparedWithin } from '../state/data';
import { COMPARISONS, type Period } from '../state/filter';
import { Segmented, Stat } from './parts';

const daysText = ({ first, last }: Period) => t('compare.days', { first, last });

/** `+12%`, or a dash where there was nothing to grow from. */
function shareText(compared: Compared): string {
  const share = relativeChange(compared);
  return share === null ? '—' : formatChange(share);
}

/** Offered as soon as the filter's period has a beginning and an end. */
export function ComparisonChoice() {
  if (!period.value) return null;
  const against = comparison.value;
  return (
    <div class="compare">
      <label class="switch">
        <input
          type="checkbox"
          checked={against !== null}
          onChange={(event) => compareWith(event.currentTarget.checked ? 'previous' : null)}
        />
        <span class="switch-track" aria-hidden="true" />
        <span class="switch-name">{t('compare.switch')}</span>
      </label>
      {against && (
        <>
          <Segmented
            label={t('compare.label')}
            choices={COMPARISONS}
            value={against}
            text={(choice) => t(`compare.${choice}`)}
            onChoose={compareWith}
          />
          <ComparisonResult />
        </>
      )}
    </div>
  );
}

function ComparisonResult() {
  const before = comparedPeriod.value;
  const compared = comparedWithin('');
  if (!before) return null;
  return (
    <p class="muted" aria-live="polite" data-testid="compare-result">
      {compared
        ? t('compare.result', {
            days: daysText(before),
            before: formatNumber(compared.before),
            change: shareText(compared),
          })
        : daysText(before)}
    </p>
  );
}

/** Groups have no numbers of their own: they are counted by cell. */
export function AreaComparison({ code }: { code: string }) {
  const [now, before, compared] = [period.value, comparedPeriod.value, comparedWithin(code)];
  if (!now || !before || !compared) return null;
  return (
    <section class="detail-here" aria-label={t('compare.title')} data-testid="comparison">
      <h3>{t('compare.title')}</h3>
      <dl class="stats three">
        <Stat label={t('compare.now')} value={compared.now} />
        <Stat label={t('compare.before')} value={compared.before} />
        <Stat
          label={t('compare.change')}
          value={formatSigned(compared.now - compared.before)}
          of={shareText(compared)}
        />
      </dl>
      <p class="muted compare-days">
        <span>{daysText(now)}</span> {t('compare.against')} <span>{daysText(before)}</span>
      </p>
    </section>
  );
}
