/** Takes a published plan back: it is a draft again, and what it replaced is in force as before. */
import { useState } from 'preact/hooks';
import { t } from '../../i18n';
import { fetchPlan, type PlanSummary, rollBack } from './api';
import { Dialog, DialogBody, Failure } from './Dialog';
import { Actions } from './DraftDialogs';
import { Reasons } from './Reasons';
import { useDoing } from './useDoing';
import { rememberedWho, rememberWho } from './who';

export function RollbackDialog(props: {
  street: string;
  plan: PlanSummary;
  onClose: () => void;
  onRolledBack: () => void;
}) {
  const { street, plan, onClose, onRolledBack } = props;
  const [why, setWhy] = useState('');
  const [who, setWho] = useState(rememberedWho);
  const { busy, failure, run } = useDoing();
  const submit = () =>
    run(async () => {
      rememberWho(who);
      await rollBack(street, await fetchPlan(street, plan.id), {
        ...(why.trim() && { why: why.trim() }),
        ...(who.trim() && { who: who.trim() }),
      });
      onRolledBack();
    });
  return (
    <Dialog
      title={t('publish.rollback.title', { name: plan.name })}
      onClose={onClose}
      actions={<Actions {...{ onClose, submit }} ready={!busy} label="rollback" danger />}
    >
      <DialogBody>
        <p>{t('publish.rollback.text')}</p>
        <Reasons {...{ why, setWhy, who, setWho }} />
        {failure && <Failure>{failure}</Failure>}
      </DialogBody>
    </Dialog>
  );
}
