/** Explains the colours of deviation. */
import { t } from '../../i18n';
import { Swatch } from '../../panels/parts';
import { mapTheme } from '../../state/screen';
import { deviationLimits } from './deviation';
import { formatDeviation } from './words';

export function DeviationLegend({ tolerance }: { tolerance: number }) {
  const limits = deviationLimits(tolerance);
  return (
    <div class="deviation-legend">
      <span class="field-name">{t('plans.deviation')}</span>
      <ul>
        {mapTheme.value.diverging.map((colour, index) => {
          const [from, to] = [limits[index - 1], limits[index]];
          const text =
            from === undefined
              ? `< ${formatDeviation(to ?? 0)}`
              : to === undefined
                ? `> ${formatDeviation(from)}`
                : t('plans.between', { from: formatDeviation(from), to: formatDeviation(to) });
          return (
            <li key={colour}>
              <Swatch colour={colour} />
              <span>{text}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
