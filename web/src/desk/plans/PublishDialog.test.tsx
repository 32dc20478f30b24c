import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { today } from '../../state/app';
import {
  type Asked,
  button,
  cellCode,
  click,
  DRAFT,
  dialog,
  fakeServer,
  leave,
  PUBLISHED,
  picture,
  preview,
  type Reply,
  STREET,
  settle,
  show,
  text,
  type,
} from './fakeStreet';
import { changedLineage } from './PreviewReport';
import { PublishDialog } from './PublishDialog';

let log: Asked[] = [];
let answers: Record<string, (asked: Asked) => Reply> = {};
const closed = vi.fn();
const published = vi.fn();
const asked = (method: string, path: string) => log.filter((each) => each.method === method && each.path === path);
const ok = (name: string) => button(name, document.querySelector('.dialog-actions') as HTMLElement);

beforeEach(async () => {
  vi.useFakeTimers();
  today.value = '2026-11-24';
  localStorage.clear();
  closed.mockReset();
  published.mockReset();
  let previews = 0;
  answers = {
    'GET plans': () => ({ body: { street: STREET, plans: [PUBLISHED, DRAFT] } }),
    'GET plans/2': () => ({ body: { ...DRAFT, state: 'published', revision: 21, tag: 'r21.published.2026-11-24' } }),
    'GET plans/1/desk': () => ({ body: picture(PUBLISHED) }),
    'GET plans/2/desk': () => ({ body: picture(DRAFT) }),
    'GET plans/2/preview': ({ query }) => {
      previews += 1;
      return { body: preview({ from: query.get('from') ?? '' }), etag: `"p${previews}"` };
    },
    'POST plans/2/publish': () => ({
      body: { plan: { ...DRAFT, state: 'published', valid_from: '2026-11-24' }, replaced: 1 },
    }),
    'POST plans/2/rollback': () => ({ body: {} }),
  };
  log = fakeServer(answers);
  await show(<PublishDialog street={STREET} planId={2} onClose={closed} onPublished={published} />);
  await settle();
});

afterEach(async () => {
  await leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the preview', () => {
  it('says what is replaced, who moves and what becomes of the cells', () => {
    expect(text('dialog h2')).toBe('发布“Plan 2”');
    expect(text('.preview')).toContain('自 2026-11-24 起取代“Plan 1”');
    expect(text('[data-testid=moves] tbody')).toBe('001003Cell 21009');
    expect(text('[data-testid=lineage]')).toContain('合并Cell 2来自 Cell 2（300 户，75%）、001003（100 户，25%）');
  });

  it('is made for another day', async () => {
    await type('dialog input[type=date]', '2027-01-01');
    expect(asked('GET', 'plans/2/preview').at(-1)?.query.get('from')).toBe('2027-01-01');
    expect(text('.preview')).toContain('自 2027-01-01 起');
    await click(ok('发布'));
    expect(asked('POST', 'plans/2/publish')[0]).toMatchObject({ body: { from: '2027-01-01' }, ifMatch: '"p2"' });
  });

  it('that fails can be had again, and nothing is published without it', async () => {
    const before = answers['GET plans/2/preview'];
    answers['GET plans/2/preview'] = () => ({ status: 500, body: { code: 'internal', detail: 'broken' } });
    await type('dialog input[type=date]', '2027-01-01');
    expect(text('dialog [role=alert]')).toContain('服务器出错');
    expect(ok('发布').disabled).toBe(true);
    answers['GET plans/2/preview'] = before as () => Reply;
    await click(button('重试'));
    expect(ok('发布').disabled).toBe(false);
  });
});

describe('publishing', () => {
  it('names the preview it rests on, why and by whom', async () => {
    await type('dialog textarea', 'New estate');
    await type('dialog input[type=text]', 'Li');
    await click(ok('发布'));
    expect(asked('POST', 'plans/2/publish')[0]).toMatchObject({
      body: { from: '2026-11-24', why: 'New estate', who: 'Li' },
      ifMatch: '"p1"',
    });
    expect(published).toHaveBeenCalledTimes(1);
    expect(localStorage.getItem('wangge.who')).toBe('Li');
  });

  it('shows the preview anew when something changed meanwhile, and says so', async () => {
    const done = answers['POST plans/2/publish'] as () => Reply;
    answers['POST plans/2/publish'] = ({ ifMatch }) =>
      ifMatch === '"p1"' ? { status: 412, body: { code: 'stale', detail: 'changed' } } : done();
    await click(ok('发布'));
    await settle();
    expect(text('dialog [role=alert]')).toContain('预览之后数据有变动');
    expect(published).not.toHaveBeenCalled();
    await click(ok('发布'));
    expect(asked('POST', 'plans/2/publish').map(({ ifMatch }) => ifMatch)).toEqual(['"p1"', '"p2"']);
    expect(published).toHaveBeenCalledTimes(1);
  });

  it('tells how to take it back, and takes it back when confirmed', async () => {
    await click(ok('发布'));
    expect(text('dialog h2')).toBe('“Plan 2”已发布');
    expect(text()).toContain('如需撤回');
    await click(ok('撤回…'));
    expect(asked('POST', 'plans/2/rollback')).toHaveLength(0);
    await type('dialog textarea', 'Too early');
    await click(ok('撤回'));
    expect(asked('POST', 'plans/2/rollback')[0]).toMatchObject({
      body: { why: 'Too early' },
      ifMatch: '"r21.published.2026-11-24"',
    });
    expect(closed).toHaveBeenCalled();
  });
});

it('closes without publishing', async () => {
  await click(ok('取消'));
  expect(closed).toHaveBeenCalled();
  expect(asked('POST', 'plans/2/publish')).toHaveLength(0);
  expect(dialog()).not.toBeNull();
});

it('lineage leaves out what stays, and puts the incisive first', () => {
  const of = (n: number, kind: Parameters<typeof changedLineage>[0][number]['kind']) => ({
    code: cellCode(n),
    kind,
    from: [],
  });
  const lines = [of(1, 'changed'), of(2, 'same'), of(3, 'split'), of(5, 'ended'), of(4, 'ended')];
  expect(changedLineage(lines).map(({ code }) => code)).toEqual([3, 4, 5, 1].map(cellCode));
});
