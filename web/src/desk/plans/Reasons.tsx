/** Why and by whom, for the log. No Enter sends it off: what it goes with is not done by accident. */
import { t } from '../../i18n';
import { Field } from './Dialog';
import { NAME_LENGTH } from './DraftDialogs';

/** As many as the log takes. */
const WHY_LENGTH = 500;

export function Reasons(props: {
  why: string;
  setWhy: (why: string) => void;
  who: string;
  setWho: (who: string) => void;
}) {
  return (
    <div class="dialog-form">
      <Field label={t('publish.why')} hint={t('publish.why.hint')}>
        <textarea
          rows={2}
          maxLength={WHY_LENGTH}
          value={props.why}
          onInput={(event) => props.setWhy(event.currentTarget.value)}
        />
      </Field>
      <Field label={t('publish.who')}>
        <input
          type="text"
          maxLength={NAME_LENGTH}
          value={props.who}
          onInput={(event) => props.setWho(event.currentTarget.value)}
        />
      </Field>
    </div>
  );
}
