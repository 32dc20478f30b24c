/** Small dialogs of a draft's life: made, renamed, deleted. */
import { useState } from 'preact/hooks';
import { t } from '../../i18n';
import { today } from '../../state/app';
import { createDraft, deleteDraft, fetchPlan, type PlanSummary, updateDraft } from './api';
import { Dialog, DialogBody, Failure, Field } from './Dialog';
import { useDoing } from './useDoing';
import { rememberedWho, rememberWho } from './who';
import { freeName, standingKey, standingOf } from './words';

/** As many as the server takes. */
export const NAME_LENGTH = 60;

interface NewDraftProps {
  street: string;
  plans: readonly PlanSummary[];
  /** The plan to copy; the published one without. */
  from: PlanSummary | null;
  onClose: () => void;
  onCreated: (id: number) => void;
}

export function NewDraftDialog({ street, plans, from, onClose, onCreated }: NewDraftProps) {
  const current = plans.find((plan) => standingOf(plan, today.value) === 'current');
  const [source, setSource] = useState(from?.id ?? current?.id ?? plans[0]?.id ?? null);
  const [name, setName] = useState(() =>
    freeName(from ? t('plans.copyname', { name: from.name }) : t('plans.draftname'), plans),
  );
  const [owner, setOwner] = useState(rememberedWho);
  const { busy, failure, run } = useDoing();
  const submit = () =>
    run(async () => {
      rememberWho(owner);
      const plan = await createDraft(street, {
        name: name.trim(),
        from: source === current?.id || source === null ? 'published' : source,
        ...(owner.trim() && { owner: owner.trim() }),
      });
      onCreated(plan.id);
    });
  const ready = name.trim() !== '' && !busy;
  return (
    <Dialog
      title={t('plans.new')}
      onClose={onClose}
      actions={<Actions {...{ onClose, ready, submit }} label="create" />}
    >
      <DialogBody>
        <Form onSubmit={() => ready && submit()}>
          <Field label={t('plans.name')}>
            <input
              type="text"
              data-autofocus
              maxLength={NAME_LENGTH}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </Field>
          <Field label={t('plans.from')}>
            <select value={String(source ?? '')} onChange={(event) => setSource(Number(event.currentTarget.value))}>
              {plans.map((plan) => (
                <option key={plan.id} value={plan.id}>
                  {`${plan.name} · ${t(standingKey(standingOf(plan, today.value)))}`}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('plans.owner')} hint={t('plans.owner.hint')}>
            <input
              type="text"
              maxLength={NAME_LENGTH}
              value={owner}
              onInput={(event) => setOwner(event.currentTarget.value)}
            />
          </Field>
        </Form>
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}

export function RenameDialog(props: {
  street: string;
  plan: PlanSummary;
  plans: readonly PlanSummary[];
  onClose: () => void;
  onRenamed: () => void;
}) {
  const { street, plan, onClose, onRenamed } = props;
  const [name, setName] = useState(plan.name);
  const [owner, setOwner] = useState(plan.owner ?? '');
  const { busy, failure, run } = useDoing();
  const submit = () =>
    run(async () => {
      // The steps taken meanwhile are no reason to refuse a name.
      const now = await fetchPlan(street, plan.id);
      await updateDraft(street, now, { name: name.trim(), owner: owner.trim() });
      onRenamed();
    });
  const ready = name.trim() !== '' && !busy;
  return (
    <Dialog
      title={t('plans.rename.title', { name: plan.name })}
      onClose={onClose}
      actions={<Actions {...{ onClose, ready, submit }} label="save" />}
    >
      <DialogBody>
        <Form onSubmit={() => ready && submit()}>
          <Field label={t('plans.name')}>
            <input
              type="text"
              data-autofocus
              maxLength={NAME_LENGTH}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </Field>
          <Field label={t('plans.owner')}>
            <input
              type="text"
              maxLength={NAME_LENGTH}
              value={owner}
              onInput={(event) => setOwner(event.currentTarget.value)}
            />
          </Field>
        </Form>
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}

export function DeleteDialog(props: { street: string; plan: PlanSummary; onClose: () => void; onDeleted: () => void }) {
  const { street, plan, onClose, onDeleted } = props;
  const { busy, failure, run } = useDoing();
  const submit = () =>
    run(async () => {
      // What is confirmed is the draft as it was listed: somebody's later steps are not deleted unseen.
      await deleteDraft(street, plan);
      onDeleted();
    });
  return (
    <Dialog
      title={t('plans.delete.title', { name: plan.name })}
      onClose={onClose}
      actions={<Actions {...{ onClose, submit }} ready={!busy} label="delete" danger />}
    >
      <DialogBody>
        <p>{t('plans.delete.text', { name: plan.name })}</p>
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}

/** Enter in a field is the same as the button. */
export function Form({ onSubmit, children }: { onSubmit: () => void; children: preact.ComponentChildren }) {
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <button type="submit" hidden tabIndex={-1} aria-hidden="true" />
    </form>
  );
}

export function Actions(props: {
  onClose: () => void;
  submit: () => void;
  ready: boolean;
  label: 'create' | 'import' | 'save' | 'delete' | 'publish' | 'rollback';
  danger?: boolean;
}) {
  return (
    <>
      <button type="button" class="button" onClick={props.onClose}>
        {t('plans.cancel')}
      </button>
      <button
        type="button"
        class={props.danger ? 'button danger' : 'button primary'}
        disabled={!props.ready}
        onClick={props.submit}
      >
        {t(`plans.ok.${props.label}`)}
      </button>
    </>
  );
}
