/** What publishing would do, before it is done. */
import { formatNumber, t } from '../../i18n';
import { Stat } from '../../panels/parts';
import type { Kin, Lineage, LineageKind, Preview } from './api';
import { MovesTable } from './MovesTable';
import { cellText, formatPercent, warningTexts } from './words';

/** Kinds of change, the most incisive first; what stays the same is not told. */
const KINDS: readonly LineageKind[] = ['split', 'merged', 'ended', 'new', 'changed'];

export function changedLineage(lineage: readonly Lineage[]): Lineage[] {
  const rank = (kind: LineageKind) => KINDS.indexOf(kind);
  return lineage
    .filter(({ kind }) => kind !== 'same')
    .sort((a, b) => rank(a.kind) - rank(b.kind) || a.code.localeCompare(b.code));
}

interface ReportProps {
  street: string;
  preview: Preview;
  /** The name of the plan that ends. */
  replaced: string | null;
  names: ReadonlyMap<string, string>;
}

export function PreviewReport({ street, preview, replaced, names }: ReportProps) {
  const { cells, groups } = preview;
  const lineage = changedLineage(preview.lineage);
  return (
    <div class="preview" data-testid="preview">
      <p>
        {replaced === null
          ? t('publish.first', { from: preview.from })
          : t('publish.replaces', { name: replaced, from: preview.from })}
        {preview.until && ` ${t('publish.until', { until: preview.until })}`}
      </p>
      {preview.warnings.length > 0 && (
        <ul class="preview-warnings" aria-label={t('publish.warnings')}>
          {warningTexts(preview.warnings, street, names).map(({ code, text }) => (
            <li key={code} class="notice">
              {text}
            </li>
          ))}
        </ul>
      )}
      <section>
        <h3>{t('publish.moved')}</h3>
        <dl class="stats three">
          <Stat label={t('stat.households')} value={preview.households_moved} />
          <Stat label={t('publish.issues')} value={preview.issues_open_moved} />
          <Stat label={t('publish.orders')} value={preview.orders_moved} />
        </dl>
      </section>
      <section>
        <h3>{t('stat.cells')}</h3>
        <dl class="stats four">
          <Stat label={t('publish.same')} value={cells.same} />
          <Stat label={t('publish.changed')} value={cells.changed} />
          <Stat label={t('publish.new')} value={cells.new} />
          <Stat label={t('publish.ended')} value={cells.ended} />
        </dl>
      </section>
      <section>
        <h3>{t('stat.groups')}</h3>
        <dl class="stats four">
          <Stat label={t('publish.same')} value={groups.kept} />
          <Stat label={t('publish.changed')} value={groups.changed} />
          <Stat label={t('publish.new')} value={groups.new} />
          <Stat label={t('publish.ended')} value={groups.ended} />
        </dl>
      </section>
      {lineage.length > 0 && (
        <section>
          <h3>{t('publish.lineage')}</h3>
          <ul class="lineage" data-testid="lineage">
            {lineage.map((line) => (
              <LineageRow key={line.code} {...{ line, street, names }} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{t('plans.moves')}</h3>
        <MovesTable street={street} moves={preview.moves} names={names} />
      </section>
    </div>
  );
}

function LineageRow({ line, street, names }: { line: Lineage; street: string; names: ReadonlyMap<string, string> }) {
  const kin = (of: readonly Kin[]) =>
    of
      .filter(({ code }) => code !== line.code || of.length > 1)
      .map(({ code, households, share }) =>
        t('publish.kin', {
          cell: cellText(code, street, names),
          households: formatNumber(households),
          share: formatPercent(share, 0),
        }),
      )
      .join(t('publish.and'));
  const others = kin(line.from);
  const key = line.kind === 'ended' ? 'publish.to' : 'publish.from';
  return (
    <li>
      <span class={`chip kind-${line.kind}`}>{t(`publish.kind.${line.kind}`)}</span>
      <span title={line.code}>{cellText(line.code, street, names)}</span>
      {others ? (
        <small>{t(key, { cells: others })}</small>
      ) : (
        line.from[0] && <small>{t('publish.shared', { households: formatNumber(line.from[0].households) })}</small>
      )}
    </li>
  );
}
