/** Commands that one key or one button gives, and what is said of them. */
import { formatChange, formatNumber, t, tWord } from '../../i18n';
import { say } from '../../state/app';
import type { Command } from '../api/types';
import { nameOf } from '../model/laid';
import { warningText } from '../panel/warnings';
import { editable, goTo, laid, problemShown, select, selected, show, store } from '../state/session';
import type { Done } from '../state/store';

export async function run(command: Command): Promise<Done | null> {
  const open = store.peek();
  if (!open || !editable.peek()) return null;
  const answer = await open.run(command);
  if (answer) tell(answer);
  return answer;
}

export async function undo() {
  if (!laid.peek()?.undo || !editable.peek()) return;
  const answer = await store.peek()?.undo();
  if (answer) say(t('desk.undone', { op: tWord('desk.op', answer.op) }), true);
}

export async function redo() {
  if (!laid.peek()?.redo || !editable.peek()) return;
  const answer = await store.peek()?.redo();
  if (answer) say(t('desk.redone', { op: tWord('desk.op', answer.op) }), true);
}

/** Warnings that the list of problems repeats for as long as they hold. */
const TOLD_AS_PROBLEMS = new Set(['groups_of_odd_size', 'cells_beyond_tolerance']);

/** What a command did, in a sentence, and what came of it besides. */
export function tell(answer: Done) {
  if ('replayed' in answer) return;
  const { op, moved, balance, merged, warnings } = answer;
  const done = t('desk.done', {
    op: tWord('desk.op', op),
    households: formatNumber(moved.households),
    before: formatChange(balance.before.average),
    after: formatChange(balance.after.average),
  });
  const warned = [...new Set(warnings.filter(({ code }) => !TOLD_AS_PROBLEMS.has(code)).map(warningText))];
  // An import tells of its own, and longer than a line stays.
  say([done, merged && t('desk.merged'), ...warned].filter(Boolean).join(' '), warned.length > 0 && op !== 'import');
}

export async function halve() {
  const [cell] = selected.peek();
  if (cell) await run({ op: 'halve', cell });
}

export async function toggleLock() {
  const now = laid.peek();
  const codes = [...selected.peek()];
  const first = now?.cells.get(codes[0] ?? '');
  if (first) await run({ op: first.locked ? 'unlock' : 'lock', codes });
}

export async function merge(into: string) {
  const cells = [...selected.peek()];
  if (cells.length < 2) return;
  const answer = await run({ op: 'merge', cells, into });
  if (answer) select(into);
}

export async function pull(reach_m: number) {
  const [a, b] = selected.peek();
  if (a && b) await run({ op: 'pull', cells: [a, b], reach_m });
}

/** To the next problem, the worst first, round and round. */
export function nextProblem() {
  const now = laid.peek();
  const problems = now?.problems ?? [];
  if (!now || problems.length === 0) {
    say(t('desk.problem.none'), true);
    return;
  }
  const next = (problemShown.peek() + 1) % problems.length;
  const problem = problems[next];
  if (!problem) return;
  problemShown.value = next;
  if (problem.cell) goTo(problem.cell);
  if (problem.at) show(problem.at);
  say(
    t('desk.problem.at', {
      number: next + 1,
      count: problems.length,
      kind: tWord('desk.problem', problem.kind),
      name: problem.cell ? nameOf(now, problem.cell) : '',
    }),
    true,
  );
}
