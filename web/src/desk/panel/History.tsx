/** The draft's log: who did what, when and why, and whether it still stands. */
import { useSignalEffect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { formatMoment, formatNumber, t, tWord } from '../../i18n';
import { deskApi } from '../api/requests';
import type { LogLine } from '../api/types';
import { nameOf } from '../model/laid';
import { goTo, laid, store } from '../state/session';

export function History() {
  const [lines, setLines] = useState<LogLine[] | null>(null);
  const [next, setNext] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const [wanted, setWanted] = useState('');
  useSignalEffect(() => {
    const open = store.value;
    setWanted(open ? `${open.at.street}/${open.at.plan} ${laid.value?.revision}` : '');
  });
  const load = (before: number | null, signal?: AbortSignal) => {
    const open = store.peek();
    if (!open) return;
    deskApi
      .edits(open.at, before, signal)
      .then((page) => {
        if (signal?.aborted || store.peek() !== open) return;
        setLines((shown) => {
          // A page asked for twice stands there once.
          const newer = (shown ?? []).filter((line) => before !== null && line.number >= before);
          return [...newer, ...page.edits];
        });
        setNext(page.next ?? null);
        setFailed(false);
      })
      .catch(() => {
        if (!signal?.aborted) setFailed(true);
      });
  };
  useEffect(() => {
    const abort = new AbortController();
    load(null, abort.signal);
    return () => abort.abort();
  }, [wanted]);
  if (failed) return <p class="muted desk-none">{t('desk.history.failed')}</p>;
  if (!lines) return <p class="muted desk-none">{t('desk.loading')}</p>;
  if (lines.length === 0) return <p class="muted desk-none">{t('desk.history.none')}</p>;
  return (
    <>
      <ol class="desk-history" data-testid="history">
        {lines.map((line) => (
          <Line key={line.number} line={line} />
        ))}
      </ol>
      {next !== null && (
        <button type="button" class="text-button" data-testid="history-older" onClick={() => load(next)}>
          {t('desk.history.older')}
        </button>
      )}
    </>
  );
}

function Line({ line }: { line: LogLine }) {
  const now = laid.value;
  const cells = line.summary?.cells ?? [];
  return (
    <li class={line.standing} data-standing={line.standing}>
      <strong>
        {tWord('desk.op', line.command.op)}
        {line.standing !== 'done' && <span class="chip">{t(`desk.standing.${line.standing}`)}</span>}
      </strong>
      <small>
        {[line.who || t('desk.somebody'), formatMoment(line.at)].join(' · ')}
        {line.why && ` · ${line.why}`}
      </small>
      <span class="desk-touched">
        {cells.slice(0, 4).map((code) =>
          now?.cells.has(code) ? (
            <button key={code} type="button" class="text-button" onClick={() => goTo(code)}>
              {nameOf(now, code)}
            </button>
          ) : (
            <code key={code}>{code}</code>
          ),
        )}
        {cells.length > 4 && <small>{t('desk.history.more', { count: cells.length - 4 })}</small>}
      </span>
      {line.summary && line.summary.households_moved + line.summary.groups_changed > 0 && (
        <small>
          {t('desk.history.moved', {
            households: formatNumber(line.summary.households_moved),
            groups: formatNumber(line.summary.groups_changed),
          })}
        </small>
      )}
    </li>
  );
}
