import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { today } from '../../state/app';
import { plansTouched } from '../../state/data';
import {
  type Asked,
  button,
  click,
  DRAFT,
  dialog,
  fakeServer,
  leave,
  PUBLISHED,
  picture,
  plan,
  preview,
  type Reply,
  STREET,
  settle,
  show,
  text,
  type,
} from './fakeStreet';
import { comparedWith, PlansPanel } from './PlansPanel';

vi.mock('./comparePair', () => ({ ComparePair: class {} }));

let plans = [PUBLISHED, DRAFT];
let log: Asked[] = [];
const opened = vi.fn();
const answers: Record<string, (asked: Asked) => Reply> = {
  'GET plans': () => ({ body: { street: STREET, plans } }),
  'GET plans/1': () => ({ body: PUBLISHED }),
  'GET plans/2': () => ({ body: { ...DRAFT, revision: 20, tag: 'r20.draft' } }),
  'POST plans': () => ({ status: 201, body: plan(9) }),
  'PATCH plans/2': () => ({ body: DRAFT }),
  'DELETE plans/2': () => ({ status: 204 }),
  'GET plans/2/preview': () => ({ body: preview(), etag: '"p1"' }),
  'GET plans/1/desk': () => ({ body: picture(PUBLISHED) }),
  'GET plans/2/desk': () => ({ body: picture(DRAFT) }),
  'POST plans/1/rollback': () => ({ status: 409, body: { code: 'not_last', detail: 'a later plan' } }),
};
const asked = (method: string, path: string) => log.filter((each) => each.method === method && each.path === path);
const row = (id: number) => document.querySelector(`[data-plan="${id}"]`) as HTMLElement;
const deed = async (id: number, name: string) => {
  await click(button(`更多 Plan ${id}`, row(id)));
  await click(button(`${name} Plan ${id}`, row(id)));
};
const ok = (name: string) => button(name, document.querySelector('.dialog-actions') as HTMLElement);

beforeEach(async () => {
  vi.useFakeTimers();
  today.value = '2026-11-24';
  localStorage.clear();
  plans = [PUBLISHED, DRAFT];
  opened.mockReset();
  log = fakeServer(answers);
  await show(<PlansPanel street={STREET} planId={1} onOpen={opened} />);
});

afterEach(async () => {
  await leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the list of plans', () => {
  it('tells names, dates, owners and balance, by standing', () => {
    expect([...document.querySelectorAll('.plans h3')].map((each) => each.textContent)).toEqual(['生效中', '草案']);
    expect(row(1).textContent).toContain('2025-01-01 起');
    expect(row(2).textContent).toContain('2026-11-02 创建 · Office');
    expect(row(2).textContent).toContain('最大偏差 12%');
    expect(row(1).querySelector('[aria-current=true]')).not.toBeNull();
  });

  it('opens a plan', async () => {
    await click(button('Plan 2'));
    expect(opened).toHaveBeenCalledWith(2);
  });

  it('offers planning where there is no plan', async () => {
    plans = [];
    await show(<PlansPanel street={STREET} planId={null} onOpen={opened} />);
    expect(text('.plans')).toContain('还没有网格方案');
    await click(button('自动编制'));
    expect(dialog()).not.toBeNull();
    expect(dialog()?.querySelectorAll('input[type=radio]')).toHaveLength(0);
  });

  it('says that it could not be had, and tries again', async () => {
    answers['GET plans'] = () => ({ status: 500, body: { code: 'internal', detail: 'broken' } });
    await show(<PlansPanel street={STREET} planId={null} onOpen={opened} />);
    expect(text('[role=alert]')).toContain('服务器出错');
    answers['GET plans'] = () => ({ body: { street: STREET, plans } });
    await click(button('重试'));
    expect(row(1)).not.toBeNull();
  });
});

describe('a new draft', () => {
  it('is copied from the published plan, with a name and an owner', async () => {
    await click(button('新建草案'));
    await type('dialog input[data-autofocus]', ' Spring ');
    await type('dialog .field:last-of-type input', 'Li');
    await click(ok('新建'));
    expect(asked('POST', 'plans')[0]?.body).toEqual({ name: 'Spring', from: 'published', owner: 'Li' });
    expect(opened).toHaveBeenCalledWith(9);
    expect(dialog()).toBeNull();
  });

  it('is copied from any plan', async () => {
    await deed(2, '复制为草案');
    await click(ok('新建'));
    expect(asked('POST', 'plans')[0]?.body).toMatchObject({ name: 'Plan 2 副本', from: 2 });
  });

  it('needs a name, and one that is not taken', async () => {
    await click(button('新建草案'));
    await type('dialog input[data-autofocus]', ' ');
    expect(ok('新建').disabled).toBe(true);
    await type('dialog input[data-autofocus]', 'Plan 1');
    const before = answers['POST plans'];
    answers['POST plans'] = () => ({ status: 409, body: { code: 'name_taken', detail: 'taken' } });
    await click(ok('新建'));
    expect(text('dialog [role=alert]')).toBe('已有同名方案，请换一个名称');
    answers['POST plans'] = before as () => Reply;
  });
});

describe('a draft', () => {
  it('is renamed as it is now', async () => {
    await deed(2, '改名');
    await type('dialog input[data-autofocus]', 'Autumn');
    await click(ok('保存'));
    expect(asked('PATCH', 'plans/2')[0]).toMatchObject({
      body: { name: 'Autumn', owner: 'Office' },
      ifMatch: '"r20.draft"',
    });
    expect(asked('GET', 'plans')).toHaveLength(2);
  });

  it('is deleted only when confirmed, and as it was seen', async () => {
    await deed(2, '删除');
    await click(ok('取消'));
    expect(asked('DELETE', 'plans/2')).toHaveLength(0);
    await click(button('删除 Plan 2', row(2)));
    expect(text()).toContain('不能恢复');
    await click(ok('删除'));
    expect(asked('DELETE', 'plans/2')[0]?.ifMatch).toBe('"r17.draft"');
    expect(opened).not.toHaveBeenCalled();
  });

  it('that is open leaves nothing open when deleted', async () => {
    await show(<PlansPanel street={STREET} planId={2} onOpen={opened} />);
    await deed(2, '删除');
    await click(ok('删除'));
    expect(opened).toHaveBeenCalledWith(null);
  });

  it('is published from the list too', async () => {
    await deed(2, '发布…');
    expect(text('dialog h2')).toBe('发布“Plan 2”');
  });
});

it('a published plan that another stands on is not rolled back', async () => {
  await deed(1, '撤回…');
  await click(ok('撤回'));
  expect(asked('POST', 'plans/1/rollback')[0]?.ifMatch).toBe('"r17.published.2025-01-01"');
  expect(text('dialog [role=alert]')).toContain('请先撤回后者');
});

it('a plan is compared with what it came from, else with what is in force', () => {
  const other = plan(3);
  expect(comparedWith(DRAFT, [other, PUBLISHED, DRAFT])).toBe(1);
  expect(comparedWith(other, [other, DRAFT, PUBLISHED])).toBe(1);
  expect(comparedWith(PUBLISHED, [PUBLISHED, other])).toBe(3);
});

it('asks again when somebody changed a plan of the street, or may have', async () => {
  const before = asked('GET', 'plans').length;
  const touch = async (touched: typeof plansTouched.value) => {
    await act(async () => {
      plansTouched.value = touched;
    });
    await settle();
  };
  await touch({ street: '520201015', plans: [3] });
  expect(asked('GET', 'plans').length).toBe(before);
  plans = [PUBLISHED, DRAFT, plan(3)];
  await touch({ street: STREET, plans: [3] });
  expect(asked('GET', 'plans').length).toBe(before + 1);
  expect(row(3)).not.toBeNull();
  await touch({ plans: 'any' });
  await touch({ plans: 'any' });
  expect(asked('GET', 'plans').length).toBe(before + 3);
});
