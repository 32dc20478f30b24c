/** The planner's desk is code of its own, loaded when somebody first sits down at it. */
import { effect, signal } from '@preact/signals';
import { deskAt } from './app';

export const desk = signal<typeof import('../desk') | null>(null);
/** The code did not come: the server went away, or has a newer version of it. */
export const deskFailed = signal(false);

effect(() => {
  if (!deskAt.value || desk.peek()) return;
  deskFailed.value = false;
  import('../desk').then(
    (room) => {
      desk.value = room;
    },
    () => {
      deskFailed.value = true;
    },
  );
});
