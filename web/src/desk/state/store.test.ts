import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../api/client';
import type { DeskApi, Sending } from '../api/requests';
import type { Answer, Changed, Command } from '../api/types';
import { cellCode, cellRow, changed, desk } from '../fixture';
import { DeskStore } from './store';

const ASSIGN: Command = { op: 'assign', blocks: [1], to: cellCode(1) };

function answer(revision: number, more: Partial<Changed> = {}): Answer {
  const what = changed(revision, more);
  return {
    number: revision,
    revision,
    merged: false,
    op: 'assign',
    changed: what,
    balance: { before: what.balance, after: what.balance },
    moved: { households: 1, groups_changed: 0 },
    warnings: [],
  };
}

/** A server that answers as it is told, and remembers what it was asked. */
class Server {
  asked: string[] = [];
  sent: Sending[] = [];
  answers: (() => Promise<Answer>)[] = [];
  changes: Changed | { all: true } = changed(4);
  desk = desk();

  private async next(sending: Sending): Promise<Answer> {
    this.sent.push(sending);
    const give = this.answers.shift();
    if (!give) throw new Error('nothing more to answer');
    return give();
  }

  readonly api: DeskApi = {
    summary: async () => this.desk.plan,
    desk: async () => {
      this.asked.push('desk');
      return this.desk;
    },
    since: async (_, revision) => {
      this.asked.push(`since ${revision}`);
      return this.changes;
    },
    edits: async () => ({ edits: [] }),
    run: (_, { op }, sending) => {
      this.asked.push(`${op} ${sending.revision}`);
      return this.next(sending);
    },
    step: (_, direction, sending) => {
      this.asked.push(`${direction} ${sending.revision}`);
      return this.next(sending);
    },
    attempt: async () => answer(5),
  };
}

let server: Server;
let store: DeskStore;

beforeEach(async () => {
  server = new Server();
  let keys = 0;
  store = new DeskStore(
    { street: '520201014', plan: 2 },
    server.api,
    () => ({ who: '李', why: '均衡' }),
    () => {
      keys += 1;
      return `key ${keys}`;
    },
  );
  await store.load();
  server.asked = [];
});

describe('a command', () => {
  it('goes out against the revision on the desk, and its answer is laid there', async () => {
    server.answers = [async () => answer(5, { cells: [cellRow(cellCode(1), [[]], { households: 70 })] })];
    await store.run(ASSIGN);
    expect(server.sent).toEqual([{ revision: 4, key: 'key 1', who: '李', why: '均衡' }]);
    expect(store.laid.value?.revision).toBe(5);
    expect(store.laid.value?.cells.get(cellCode(1))?.households).toBe(70);
    expect(store.waiting.value).toBe(0);
  });

  it('waits for the one before, and starts from what that made', async () => {
    server.answers = [async () => answer(5), async () => answer(6)];
    await Promise.all([store.run(ASSIGN), store.undo()]);
    expect(server.asked).toEqual(['assign 4', 'undo 5']);
    expect(store.laid.value?.revision).toBe(6);
  });

  it('that was merged with others’ steps brings those too', async () => {
    server.answers = [async () => ({ ...answer(7), merged: true })];
    server.changes = changed(7, { removed_cells: [cellCode(2)] });
    await store.run(ASSIGN);
    expect(server.asked).toEqual(['assign 4', 'since 4']);
    expect(store.laid.value?.revision).toBe(7);
    expect(store.laid.value?.cells.has(cellCode(2))).toBe(false);
  });

  it('refused leaves the plan as it was and says why and where', async () => {
    const before = store.laid.value;
    const at = [104.8, 26.5];
    server.answers = [
      () => Promise.reject(new ApiError('refused', 422, 'no', { reason: 'locked', at, codes: [cellCode(0)] })),
    ];
    expect(await store.run(ASSIGN)).toBeNull();
    expect(store.laid.value).toBe(before);
    expect(store.refusal.value).toMatchObject({ reason: 'locked', at, codes: [cellCode(0)], again: null });
    server.answers = [async () => answer(5)];
    await store.run(ASSIGN);
    expect(store.refusal.value).toBeNull();
  });

  it('against a stale revision brings what others did, and tells', async () => {
    const since = [{ number: 5, at: '2026-11-24T00:00:00Z', command: { op: 'merge' } }];
    server.answers = [() => Promise.reject(new ApiError('stale', 412, 'stale', { revision: 5, since }))];
    server.changes = changed(5, { removed_cells: [cellCode(0)] });
    expect(await store.run(ASSIGN)).toBeNull();
    expect(store.laid.value?.cells.has(cellCode(0))).toBe(false);
    expect(store.refusal.value?.since).toEqual(since);
  });

  it('that got no answer can be sent again as the same request', async () => {
    server.answers = [() => Promise.reject(new ApiError('unreachable', 0, '')), async () => answer(5)];
    await store.run(ASSIGN);
    store.refusal.value?.again?.();
    await vi.waitFor(() => expect(store.waiting.value).toBe(0));
    expect(server.sent.map(({ key }) => key)).toEqual(['key 1', 'key 1']);
    expect(store.laid.value?.revision).toBe(5);
    expect(store.refusal.value).toBeNull();
  });
});

describe('others’ changes', () => {
  it('are merged into what is on the desk', async () => {
    server.changes = changed(6, { removed_cells: [cellCode(2)] });
    await store.catchUp();
    expect(server.asked).toEqual(['since 4']);
    expect(store.laid.value?.revision).toBe(6);
    expect(store.laid.value?.cells.size).toBe(2);
  });

  it('too long ago are replaced by the whole desk', async () => {
    server.changes = { all: true };
    server.desk = { ...desk(2), plan: { ...desk().plan, revision: 90 } };
    await store.catchUp();
    expect(store.laid.value?.revision).toBe(90);
    expect(store.laid.value?.cells.size).toBe(2);
  });

  it('are not asked for in the middle of a command', async () => {
    let release = () => {};
    server.answers = [
      () =>
        new Promise((resolve) => {
          release = () => resolve(answer(5));
        }),
    ];
    const done = store.run(ASSIGN);
    const caught = store.catchUp();
    await Promise.resolve();
    expect(server.asked).toEqual(['assign 4']);
    release();
    await Promise.all([done, caught]);
    await vi.waitFor(() => expect(server.asked).toEqual(['assign 4', 'since 5']));
  });
});

it('a draft that somebody publishes is for reading from then on', async () => {
  server.desk = { ...desk(), plan: { ...desk().plan, state: 'published' } };
  await store.catchUp();
  expect(store.laid.value?.editable).toBe(false);
});

it('a draft that somebody deletes is gone', async () => {
  server.api.summary = () => Promise.reject(new ApiError('no_such_plan', 404, 'no such plan'));
  await store.catchUp();
  expect(store.phase.value).toBe('failed');
});

it('a desk that cannot be loaded says so, and can be asked for again', async () => {
  const broken = new Server();
  const good = broken.api.desk;
  broken.api.desk = () => Promise.reject(new ApiError('no_such_plan', 404, 'no such plan'));
  const other = new DeskStore({ street: '520201014', plan: 9 }, broken.api, () => ({ who: '', why: '' }));
  await other.load();
  expect(other.phase.value).toBe('failed');
  expect(other.error.value?.code).toBe('no_such_plan');
  broken.api.desk = good;
  await other.load();
  expect(other.phase.value).toBe('ready');
});
