/** Lets the planner draw cells: what is wished for, how far it is, and the results side by side to choose from. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../i18n';
import { adoptAsDraft, adoptIntoDraft, cancelPlanning, type Planning, startPlanning } from './api';
import { Dialog, DialogBody, Failure, Field, useAbort } from './Dialog';
import { Form, NAME_LENGTH } from './DraftDialogs';
import { PlanningFormFields } from './PlanningForm';
import { PlanningResults } from './PlanningResults';
import {
  abandonPlanning,
  FIRST_VARIANTS,
  faultOf,
  followPlanning,
  type PlanningForm,
  scopesOf,
  wishOf,
} from './planningRun';
import { useDoing } from './useDoing';
import { usePlans } from './usePlans';
import { rememberedWho, rememberWho } from './who';
import { failureText, freeName } from './words';

export interface PlanningProps {
  street: string;
  /** The plan that is open: what is re-planned. */
  planId: number | null;
  /** Codes of the cells chosen on the desk that may change. */
  cells: readonly string[];
  /** Where one is chosen: it and those of its neighbours that may change. */
  around?: readonly string[];
  onClose: () => void;
  onOpen: (id: number) => void;
}

/** What has been started, and what became of it. */
interface Run {
  id: string;
  form: PlanningForm;
  planning: Planning | null;
}

export function PlanningDialog({ street, planId, cells, around = [], onClose, onOpen }: PlanningProps) {
  const [selected] = useState({ cells, around });
  const { data: plans } = usePlans(street);
  const open = plans?.find(({ id }) => id === planId) ?? null;
  const [form, setForm] = useState<PlanningForm>(() => ({
    scope: scopesOf(planId, selected)[0] ?? 'street',
    target: 'draft',
    cells: '',
    communities: '',
    churn: 'some',
    variants: FIRST_VARIANTS,
  }));
  const [run, setRun] = useState<Run | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const [name, setName] = useState<string | null>(null);
  const [owner, setOwner] = useState(rememberedWho);
  const [lost, setLost] = useState<string | null>(null);
  const doing = useDoing();
  const abortable = useAbort();

  const running = run !== null && lost === null && (run.planning === null || run.planning.state === 'running');
  // Left while it runs, nobody would ask for it again.
  const left = useRef<string | null>(null);
  left.current = running ? run.id : null;
  useEffect(() => () => void (left.current && abandonPlanning(street, left.current)), [street]);

  const start = () =>
    doing.run(async () => {
      const { id } = await startPlanning(street, wishOf(form, open, selected));
      setLost(null);
      setChosen(null);
      setRun({ id, form, planning: null });
      const abort = abortable();
      void followPlanning(street, id, (planning) => setRun({ id, form, planning }), abort).catch((cause: unknown) =>
        setLost(failureText(cause)),
      );
    });
  const cancel = () => doing.run(async () => void (run && (await cancelPlanning(street, run.id))));
  const back = () => {
    if (running) abandonPlanning(street, run.id);
    abortable();
    setRun(null);
    setLost(null);
  };
  const draftName = name ?? freeName(t('planning.draftname'), plans ?? []);
  const into = run?.form.target === 'into' && planId !== null && run.form.scope !== 'street' ? planId : null;
  const adopt = () =>
    doing.run(async () => {
      if (!run || chosen === null) return;
      const by = owner.trim() ? { owner: owner.trim() } : {};
      if (into !== null) {
        await adoptIntoDraft(street, run.id, { n: chosen, ...by });
        onOpen(into);
      } else {
        rememberWho(owner);
        const plan = await adoptAsDraft(street, run.id, { n: chosen, name: draftName.trim(), ...by });
        onOpen(plan.id);
      }
      onClose();
    });

  const planning = run?.planning ?? null;
  const done = planning?.results.filter((result) => result.done).length ?? 0;
  const status = !run
    ? ''
    : running
      ? t('planning.status.running', { done, all: run.form.variants.length })
      : t(`planning.status.${planning?.state ?? 'failed'}`);
  const ready = chosen !== null && !doing.busy && (into !== null || draftName.trim() !== '');
  return (
    <Dialog
      title={t('planning.title')}
      size="wide"
      onClose={onClose}
      status={status}
      actions={
        run ? (
          <>
            <button type="button" class="button" onClick={back}>
              {t('planning.back')}
            </button>
            {running && (
              <button type="button" class="button" disabled={doing.busy} onClick={cancel}>
                {t('planning.cancel')}
              </button>
            )}
            <button type="button" class="button primary" disabled={!ready} onClick={adopt}>
              {t(into === null ? 'planning.adopt' : 'planning.adopt.into')}
            </button>
          </>
        ) : (
          <>
            <button type="button" class="button" onClick={onClose}>
              {t('plans.cancel')}
            </button>
            <button
              type="button"
              class="button primary"
              disabled={doing.busy || faultOf(form, selected) !== null || (form.scope !== 'street' && open === null)}
              onClick={start}
            >
              {t('planning.start')}
            </button>
          </>
        )
      }
    >
      <DialogBody>
        {!run && (
          <Form onSubmit={() => faultOf(form, selected) === null && start()}>
            <PlanningFormFields {...{ form, open }} chosen={selected} onChange={setForm} />
          </Form>
        )}
        {lost && <Failure>{lost}</Failure>}
        {planning?.state === 'failed' && (
          <Failure>
            {planning.error ? t('planning.failed', { detail: planning.error }) : t('planning.status.failed')}
          </Failure>
        )}
        {run && (
          <PlanningResults
            variants={run.form.variants}
            planning={planning}
            running={running}
            chosen={chosen}
            onChoose={setChosen}
          />
        )}
        {run && done > 0 && into === null && (
          <Form onSubmit={() => ready && adopt()}>
            <Field label={t('planning.name')}>
              <input
                type="text"
                maxLength={NAME_LENGTH}
                value={draftName}
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
        )}
        {into !== null && open && <p class="muted">{t('planning.into.text', { name: open.name })}</p>}
        {doing.failure && <Failure>{doing.failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}
