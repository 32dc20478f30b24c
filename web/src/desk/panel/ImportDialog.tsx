/** Cells drawn elsewhere, taken over into the draft: healed onto its blocks, and what had to be healed is told. */
import { useState } from 'preact/hooks';
import { t } from '../../i18n';
import { Actions, DialogBody, Failure, Field, PlanDialog } from '../plans';
import { store } from '../state/session';
import { run } from '../tools/actions';
import { reasonText } from './reasons';
import { type Warning, warningText } from './warnings';

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [crs, setCrs] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [told, setTold] = useState<readonly Warning[] | null>(null);

  const submit = async () => {
    if (!file) return;
    setBusy(true);
    setFailure(null);
    try {
      const plan = await parsed(file);
      if (!plan) {
        setFailure(t('desk.import.notjson'));
        return;
      }
      const answer = await run({ op: 'import', plan, ...(crs.trim() && { crs: crs.trim() }) });
      if (answer) {
        setTold('warnings' in answer ? answer.warnings : []);
        return;
      }
      const refusal = store.peek()?.refusal.peek();
      setFailure(refusal ? reasonText(refusal) : t('desk.import.notdone'));
    } finally {
      setBusy(false);
    }
  };

  if (told) {
    return (
      <PlanDialog
        title={t('desk.import.done')}
        status={t('desk.import.done')}
        onClose={onClose}
        actions={
          <button type="button" class="button primary" data-autofocus onClick={onClose}>
            {t('panel.close')}
          </button>
        }
      >
        <DialogBody>
          <p>{t(told.length ? 'desk.import.healed' : 'desk.import.asdrawn')}</p>
          {told.length > 0 && (
            <ul class="preview-warnings">
              {told.map((warning) => (
                <li key={warning.message} class="notice" title={warning.message}>
                  {warningText(warning)}
                </li>
              ))}
            </ul>
          )}
        </DialogBody>
      </PlanDialog>
    );
  }
  return (
    <PlanDialog
      title={t('desk.open.import')}
      onClose={onClose}
      actions={<Actions onClose={onClose} submit={() => void submit()} ready={file !== null && !busy} label="import" />}
    >
      <DialogBody>
        <div class="dialog-form">
          <Field label={t('desk.import.file')} hint={t('desk.import.hint')}>
            {/* A browser's own words for it are in the browser's language. */}
            <span class="file-field">
              <span class="button" aria-hidden="true">
                {t('desk.import.choose')}
              </span>
              <span class="file-name">{file?.name ?? t('desk.import.nofile')}</span>
            </span>
            <input
              type="file"
              class="visually-hidden"
              accept=".geojson,.json,application/geo+json,application/json"
              onChange={(event) => {
                setFailure(null);
                setFile(event.currentTarget.files?.[0] ?? null);
              }}
            />
          </Field>
          <Field label={t('desk.import.crs')} hint={t('desk.import.crs.hint')}>
            <input type="text" maxLength={200} value={crs} onInput={(event) => setCrs(event.currentTarget.value)} />
          </Field>
        </div>
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </PlanDialog>
  );
}

/** What a plan is, is the server's to say. */
async function parsed(file: File): Promise<Record<string, never> | null> {
  try {
    const value: unknown = JSON.parse(await file.text());
    return typeof value === 'object' && value !== null ? (value as Record<string, never>) : null;
  } catch {
    return null;
  }
}
