/** A draft comes into force: first what that would do, then the word for it, then how to take it back. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { t } from '../../i18n';
import { DateField } from '../../panels/parts';
import { today } from '../../state/app';
import { fetchPlans, fetchPreview, type PlanSummary, type Preview, publishPlan } from './api';
import { Dialog, DialogBody, Failure, useAbort } from './Dialog';
import { Actions } from './DraftDialogs';
import { PreviewReport } from './PreviewReport';
import { Reasons } from './Reasons';
import { RollbackDialog } from './RollbackDialog';
import { useCellNames } from './useCellNames';
import { useDoing } from './useDoing';
import { rememberedWho, rememberWho } from './who';
import { failureText } from './words';

interface PublishProps {
  street: string;
  planId: number;
  onClose: () => void;
  onPublished: (plan: PlanSummary) => void;
}

interface Previewed {
  data: Preview;
  etag: string;
  /** What the plan and the one it replaces are called. */
  name: string;
  replaced: string | null;
}

async function previewOf(street: string, planId: number, from: string, abort: AbortSignal): Promise<Previewed> {
  const [{ data, etag }, { plans }] = await Promise.all([
    fetchPreview(street, planId, from, abort),
    fetchPlans(street, abort),
  ]);
  const nameOf = (id: number) => plans.find((plan) => plan.id === id)?.name ?? String(id);
  const { replaces } = data;
  return { data, etag, name: nameOf(planId), replaced: typeof replaces === 'number' ? nameOf(replaces) : null };
}

export function PublishDialog({ street, planId, onClose, onPublished }: PublishProps) {
  const [from, setFrom] = useState(today.value);
  const [preview, setPreview] = useState<Previewed | null>(null);
  const [previewFailure, setPreviewFailure] = useState<string | null>(null);
  const [stale, setStale] = useState(false);
  const [why, setWhy] = useState('');
  const [who, setWho] = useState(rememberedWho);
  const [published, setPublished] = useState<PlanSummary | null>(null);
  const { busy, failure, run } = useDoing();
  const abortable = useAbort();
  const names = useCellNames(street, [planId, preview?.data.replaces]);

  const ask = async () => {
    const abort = abortable();
    setPreview(null);
    setPreviewFailure(null);
    try {
      const next = await previewOf(street, planId, from, abort);
      if (!abort.aborted) setPreview(next);
    } catch (cause) {
      if (!abort.aborted) setPreviewFailure(failureText(cause));
    }
  };
  // Asked anew for another plan or day.
  useEffect(() => void ask(), [street, planId, from]);

  const submit = () => {
    if (!preview) return;
    run(
      async () => {
        rememberWho(who);
        const { plan } = await publishPlan(street, planId, preview.etag, {
          from,
          ...(why.trim() && { why: why.trim() }),
          ...(who.trim() && { who: who.trim() }),
        });
        setPublished(plan);
        onPublished(plan);
      },
      (cause) => {
        if (!(cause instanceof ApiError) || cause.status !== 412) return false;
        setStale(true);
        void ask();
        return true;
      },
    );
  };
  if (published)
    return <Published {...{ street, onClose, onPublished }} plan={published} replaced={preview?.replaced ?? null} />;
  const title = preview ? t('publish.title', { name: preview.name }) : t('publish.publish');
  return (
    <Dialog
      title={title}
      size="wide"
      onClose={onClose}
      status={preview ? t('publish.ready') : t('publish.loading')}
      actions={<Actions {...{ onClose, submit }} ready={!busy && preview !== null} label="publish" />}
    >
      <DialogBody label={t('publish.preview')}>
        <div class="dialog-form">
          <div class="field">
            <span class="field-name">{t('publish.from.day')}</span>
            <DateField
              label={t('publish.from.day')}
              value={from}
              min={today.value}
              onChange={(day) => {
                setStale(false);
                setFrom(day ?? today.value);
              }}
            />
            <small>{t(from > today.value ? 'publish.from.future' : 'publish.from.today')}</small>
          </div>
        </div>
        {stale && (
          <p class="notice" role="alert">
            {t('publish.stale')}
          </p>
        )}
        {previewFailure && (
          <>
            <Failure>{previewFailure}</Failure>
            <button type="button" class="button" onClick={() => void ask()}>
              {t('error.retry')}
            </button>
          </>
        )}
        {!preview && !previewFailure && (
          <div class="skeleton">
            <span />
            <span />
            <span />
          </div>
        )}
        {preview && <PreviewReport street={street} preview={preview.data} replaced={preview.replaced} names={names} />}
        <Reasons {...{ why, setWhy, who, setWho }} />
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}

function Published(props: {
  street: string;
  plan: PlanSummary;
  replaced: string | null;
  onClose: () => void;
  onPublished: (plan: PlanSummary) => void;
}) {
  const { street, plan, replaced, onClose, onPublished } = props;
  const [rollingBack, setRollingBack] = useState(false);
  if (rollingBack)
    return (
      <RollbackDialog
        {...{ street, plan, onClose }}
        onRolledBack={() => {
          onPublished(plan);
          onClose();
        }}
      />
    );
  return (
    <Dialog
      title={t('publish.done', { name: plan.name })}
      onClose={onClose}
      status={t('publish.done', { name: plan.name })}
      actions={
        <>
          <button type="button" class="button" onClick={() => setRollingBack(true)}>
            {t('plans.do.rollback')}
          </button>
          <button type="button" class="button primary" data-autofocus onClick={onClose}>
            {t('publish.close')}
          </button>
        </>
      }
    >
      <DialogBody>
        <p>{t('publish.done.from', { from: plan.valid_from ?? '' })}</p>
        {replaced !== null && <p>{t('publish.done.replaced', { name: replaced })}</p>}
        <p class="muted">{t('publish.done.rollback')}</p>
      </DialogBody>
    </Dialog>
  );
}
