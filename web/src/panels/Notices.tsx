/** What went wrong or is missing, and what to do. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Key, t } from '../i18n';
import { announcement } from '../state/app';
import { info, reload, unreachable } from '../state/data';
import { deskFailed } from '../state/deskRoom';
import { gridMap, mapFailed, tilesFailed } from '../state/mapHandle';
import { WarningIcon } from './icons';

function Banner({ onRetry, children }: { onRetry?: () => void; children: ComponentChildren }) {
  return (
    <div class="banner" role="alert">
      <WarningIcon />
      <div class="banner-text">{children}</div>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {t('error.retry')}
        </button>
      )}
    </div>
  );
}

function retry() {
  tilesFailed.value = false;
  reload();
  gridMap.value?.refresh();
}

export function Banners() {
  const error = info.value.error;
  return (
    <div class="banners">
      {deskFailed.value && <Banner onRetry={() => location.reload()}>{t('desk.failed')}</Banner>}
      {mapFailed.value && <Banner>{t('error.map')}</Banner>}
      {unreachable.value ? (
        <Banner onRetry={retry}>
          <strong>{t('error.unreachable')}</strong>
          <span>{t('error.unreachable.text')}</span>
        </Banner>
      ) : error ? (
        <Banner onRetry={retry}>{t('error.api', { detail: error.message })}</Banner>
      ) : (
        tilesFailed.value && <Banner onRetry={retry}>{t('error.tiles')}</Banner>
      )}
    </div>
  );
}

const STEPS: [title: Key, command: string][] = [
  ['empty.demo', 'wangge demo'],
  ['empty.osm', 'wangge import osm FILE.osm.pbf --area NAME --street CODE=NAME'],
  ['empty.survey', 'wangge import survey DIR --street CODE=NAME'],
  ['empty.plan', 'wangge plan --street CODE --publish'],
];

/** Shown while there is not a single street. */
export function EmptyState() {
  if (!info.value.data || info.value.data.streets.length > 0) return null;
  return (
    <section class="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">{t('empty.title')}</h2>
      <p>{t('empty.text')}</p>
      <dl>
        {STEPS.map(([title, command]) => (
          <div key={title}>
            <dt>{t(title)}</dt>
            <dd>
              <code>{command}</code>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** How long a toast stays. */
const TOAST_MS = 2400;

/** Says to screen readers what happened, and shows it where the eye needs it too. */
export function Announcer() {
  const { text, shown, serial } = announcement.value;
  const [visible, setVisible] = useState(0);
  useEffect(() => {
    if (!shown) return;
    setVisible(serial);
    const timer = setTimeout(() => setVisible(0), TOAST_MS);
    return () => clearTimeout(timer);
  }, [serial, shown]);
  return (
    <>
      <div class="visually-hidden" role="status" aria-live="polite" data-testid="live">
        {text}
      </div>
      {visible !== 0 && visible === serial && (
        <div class="toast" aria-hidden="true">
          {text}
        </div>
      )}
    </>
  );
}
