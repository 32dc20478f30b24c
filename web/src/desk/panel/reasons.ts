/** What a refusal says in the planner's language. */
import { formatMoment, t, tWord } from '../../i18n';
import { nameOf } from '../model/laid';
import { laid } from '../state/session';
import type { Refusal } from '../state/store';

export function reasonText({ reason, detail, codes, since }: Refusal): string {
  if (since.length > 0) {
    const last = since.at(-1);
    return t('desk.stale.by', {
      who: last?.who || t('desk.somebody'),
      op: tWord('desk.op', last?.command.op ?? ''),
      when: last ? formatMoment(last.at) : '',
    });
  }
  // The server may also have been unable, which its other errors' words tell.
  const text = [tWord('desk.reason', reason), tWord('plans.failure', reason)].find((found) => found !== reason);
  const now = laid.peek();
  const names = now ? codes.map((code) => nameOf(now, code)) : codes;
  // A reason that the dictionary has not is told in the server's words.
  const known = text ?? detail;
  return names.length ? t('desk.reason.at', { text: known, names: names.slice(0, 4).join(t('desk.comma')) }) : known;
}
