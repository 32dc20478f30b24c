/** A street as its server would answer, for the tests of what lies around the desk. */
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { vi } from 'vitest';
import type { Balance, MultiPolygonCoordinates, PlanPicture, PlanSummary, Preview } from './api';

export const STREET = '520201014';
export const cellCode = (n: number) => `${STREET}001${String(n).padStart(3, '0')}`;

export const balance = (part: Partial<Balance> = {}): Balance => ({
  mean: 400,
  largest: 0.12,
  average: 0.03,
  beyond: 1,
  ...part,
});

export const plan = (id: number, part: Partial<PlanSummary> = {}): PlanSummary => ({
  id,
  name: `Plan ${id}`,
  state: 'draft',
  created_at: `2026-11-0${id}T08:00:00Z`,
  revision: 17,
  tag: 'r17.draft',
  cells: 2,
  communities: 1,
  groups: 80,
  households: 800,
  balance: balance(),
  ...part,
});

export const PUBLISHED = plan(1, { state: 'published', valid_from: '2025-01-01', tag: 'r17.published.2025-01-01' });
export const DRAFT = plan(2, { base: 1, owner: 'Office' });

/** A square of so many hundredths of a degree, east of where the streets begin. */
export const square = (at: number, size = 1): MultiPolygonCoordinates => [
  [
    [
      [104 + at / 100, 26],
      [104 + (at + size) / 100, 26],
      [104 + (at + size) / 100, 26.01],
      [104 + at / 100, 26.01],
      [104 + at / 100, 26],
    ],
  ],
];

export const picture = (of: PlanSummary): PlanPicture => ({
  plan: of,
  tolerance: 0.1,
  cells: [1, 2].map((n) => ({
    code: cellCode(n),
    name: `Cell ${n}`,
    households: 400,
    deviation: 0,
    label: [104 + n / 100, 26.005],
    geometry: square(n),
  })),
});

export const preview = (part: Partial<Preview> = {}): Preview => ({
  from: '2026-11-24',
  replaces: 1,
  until: null,
  cells: { same: 7, changed: 2, new: 1, ended: 1 },
  lineage: [
    { code: cellCode(1), kind: 'same', from: [{ code: cellCode(1), households: 400, share: 1 }] },
    {
      code: cellCode(2),
      kind: 'merged',
      from: [
        { code: cellCode(2), households: 300, share: 0.75 },
        { code: cellCode(3), households: 100, share: 0.25 },
      ],
    },
  ],
  moves: [{ from: cellCode(3), to: cellCode(2), households: 100, issues_open: 9 }],
  households_moved: 100,
  groups: { kept: 70, changed: 6, new: 1, ended: 2 },
  issues_open_moved: 9,
  orders_moved: 0,
  warnings: [],
  ...part,
});

/** What was asked: the method, the path below the street, the body and the headers. */
export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  ifMatch: string | null;
}

export type Reply = { status?: number; etag?: string; body?: unknown };

/** Answers by `METHOD path`, the path below the street; anything else is a 404. */
export function fakeServer(answers: Record<string, (asked: Asked) => Reply>): Asked[] {
  const log: Asked[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { pathname, searchParams } = new URL(url, 'http://server');
    const asked: Asked = {
      method: init.method ?? 'GET',
      path: pathname.replace(`/api/streets/${STREET}/`, ''),
      query: searchParams,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : null,
      ifMatch: new Headers(init.headers).get('if-match'),
    };
    log.push(asked);
    const answer = answers[`${asked.method} ${asked.path}`];
    const { status = 200, etag, body } = answer ? answer(asked) : { status: 404, body: { code: 'not_found' } };
    return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status, headers: etag ? { etag } : {} });
  });
  return log;
}

export async function show(what: preact.ComponentChild) {
  // What was shown before would go on asking.
  if (document.getElementById('root')) await leave();
  document.body.innerHTML = '<button id="before">x</button><div id="root"></div>';
  document.getElementById('before')?.focus();
  await act(async () => render(what, document.getElementById('root') as HTMLElement));
  await settle();
}

export async function leave() {
  await act(async () => render(null, document.getElementById('root') as HTMLElement));
}

/** Lets answers come, and lets so much time pass. */
export const settle = (ms = 20) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

export const dialog = () => document.querySelector('dialog[open]');
export const text = (selector = 'dialog') => document.querySelector(selector)?.textContent ?? '';

export function button(name: string, within: ParentNode = document): HTMLButtonElement {
  const found = [...within.querySelectorAll('button')].find(
    (each) => (each.getAttribute('aria-label') ?? each.textContent ?? '').trim() === name,
  );
  if (!found) throw new Error(`no button ${name}`);
  return found;
}

export async function click(target: HTMLElement) {
  await act(async () => target.click());
  await settle();
}

export async function type(selector: string, value: string) {
  const input = document.querySelector<HTMLInputElement>(selector);
  if (!input) throw new Error(`no field ${selector}`);
  await act(async () => {
    input.value = value;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await settle();
}

export const press = (key: string, target: EventTarget | null = document.activeElement, shiftKey = false) =>
  act(() => {
    target?.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
  });
