/** The planner's morning without a mouse: nothing here but the keyboard and the focus. */
import type { Page } from '@playwright/test';
import type { CellRow, LonLat } from '../src/desk/api/types';
import { expect, idle, open, test } from './app';
import {
  bestMove,
  cellOf,
  deskReady,
  hasVertex,
  offset,
  revised,
  Street,
  sharedVertices,
  spoil,
  state,
  tabTo,
  worstFirst,
} from './desk';

let street: Street;
test.beforeEach(async ({ page, request }) => {
  street = await Street.first(request);
  // A hand that strays to the mouse is an error.
  for (const name of ['click', 'move', 'down'] as const) {
    page.mouse[name] = () => Promise.reject(new Error('no mouse here'));
  }
});
test.afterEach(() => street.clear());

/** Chooses a cell in the table. */
async function choose(page: Page, code: string) {
  if (!(await page.evaluate(() => !!document.activeElement?.closest('.desk-table tbody')))) {
    await tabTo(page, page.locator('.desk-table tbody tr[tabindex="0"]'));
  }
  await page.keyboard.press('Home');
  await goDown(page, code, 'ArrowDown');
  expect((await state(page)).selected).toEqual([code]);
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest<HTMLElement>('tr')?.dataset.code ?? null);

async function goDown(page: Page, code: string, key: string) {
  const { cells } = await state(page);
  for (let i = 0; i < cells.length && (await focused(page)) !== code; i += 1) await page.keyboard.press(key);
  expect(await focused(page)).toBe(code);
}

async function chooseNeighbour(page: Page, cell: CellRow, code: string) {
  await page.keyboard.press(String(cell.neighbours.indexOf(code) + 1));
  expect((await state(page)).neighbour).toBe(code);
}

/** Steps on until the vertex that the keyboard has hold of is the one. */
async function holdVertex(page: Page, at: LonLat) {
  for (let i = 0; i < 400; i += 1) {
    const held = (await state(page)).sketch.find(({ role }) => role === 'held')?.geometry;
    if (held?.type === 'Point' && String(held.coordinates) === String(at)) return;
    await page.keyboard.press(']');
  }
  throw new Error(`the keyboard does not reach ${at}`);
}

/** A cell, and two corners of its boundary between which the server would split it. */
async function twoCorners(id: number, cells: readonly CellRow[]): Promise<[CellRow, LonLat, LonLat]> {
  for (const cell of [...cells].sort((a, b) => b.households - a.households)) {
    const ring = (cell.geometry[0]?.[0] ?? []).slice(1);
    const step = Math.ceil(ring.length / 12);
    for (let apart = Math.floor(ring.length / 2); apart > ring.length / 5; apart -= step) {
      for (let i = 0; i + apart < ring.length; i += step) {
        const line: [LonLat, LonLat] = [ring[i] as LonLat, ring[i + apart] as LonLat];
        if (await street.tries(id, { op: 'split', cell: cell.code, line })) return [cell, ...line];
      }
    }
  }
  throw new Error('no two corners split a cell');
}

test('a draft is mended, taken back, done again and published by keyboard alone', async ({ page }) => {
  test.setTimeout(120_000);
  const base = await street.draft('键盘');
  await spoil(street, base.id, 1);
  const { id, name } = await street.draft('键盘调整', base.id);
  const start = await street.bytes(id);
  await open(page, '#lang=zh');
  await tabTo(page, page.getByRole('button', { name: '规划台' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.locator(`[data-plan="${id}"] .plan-open`));
  await page.keyboard.press('Enter');
  await deskReady(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);

  await test.step('blocks are moved over', async () => {
    const now = await state(page);
    const [worst] = worstFirst(now);
    const move = worst && (await bestMove(street, id, now, worst.code));
    if (!worst || !move) throw new Error('nothing to mend');
    // The worst cell is the table's first.
    await choose(page, worst.code);
    await chooseNeighbour(page, worst, move.from === worst.code ? move.to : move.from);
    for (let i = 0; i < 100 && (await state(page)).shown_block !== move.block.id; i += 1) {
      await page.keyboard.press(']');
      // Of two neighbours that are both too large, the larger does not give by itself.
      if (i === 50) await page.keyboard.press('x');
    }
    expect((await state(page)).shown_block).toBe(move.block.id);
    await expect(page.getByTestId('live')).toContainText('回车划入');
    await page.keyboard.press('Enter');
    await revised(page, (now.revision ?? 0) + 1);
    const after = await state(page);
    expect(Math.abs(after.deviations[worst.code] ?? 0)).toBeLessThan(Math.abs(now.deviations[worst.code] ?? 0));
    expect(after.blocks.find((block) => block.id === move.block.id)?.cell).toBe(move.to);
  });

  await test.step('a cell is split', async () => {
    const now = await state(page);
    const [cell, a, b] = await twoCorners(id, now.cells);
    await choose(page, cell.code);
    await page.keyboard.press('s');
    await holdVertex(page, a);
    await page.keyboard.press('Enter');
    await holdVertex(page, b);
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('split')).toContainText('切为');
    await page.keyboard.press('Enter');
    await revised(page, (now.revision ?? 0) + 1);
    expect((await state(page)).cells).toHaveLength(now.cells.length + 1);
  });

  await test.step('two are merged', async () => {
    const now = await state(page);
    const small = [...now.cells].sort((a, b) => a.households - b.households)[0] as CellRow;
    const other = small.neighbours[0] as string;
    await choose(page, small.code);
    await page.keyboard.press('Control+Home');
    await goDown(page, other, 'Control+ArrowDown');
    await page.keyboard.press('Space');
    expect((await state(page)).selected).toEqual([other, small.code]);
    await page.keyboard.press('m');
    await tabTo(page, page.getByRole('button', { name: '合并 2 个网格' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await revised(page, (now.revision ?? 0) + 1);
    expect((await state(page)).cells).toHaveLength(now.cells.length - 1);
  });

  await test.step('a vertex is moved', async () => {
    const now = await state(page);
    const moves: [string, number, number][] = [
      ['ArrowRight', 3, 0],
      ['ArrowLeft', -3, 0],
      ['ArrowUp', 0, 3],
      ['ArrowDown', 0, -3],
    ];
    let found: { at: LonLat; cells: string[]; key: string } | null = null;
    for (const { at, cells } of sharedVertices(now.cells).filter(({ cells }) => cells.length > 2)) {
      for (const [key, east, north] of moves) {
        if (found || !(await street.tries(id, { op: 'move_vertex', from: at, to: offset(at, east, north) }))) continue;
        found = { at, cells, key };
      }
      if (found) break;
    }
    if (!found) throw new Error('no vertex can be moved');
    const [a, b] = found.cells as [string, string];
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await choose(page, a);
    await chooseNeighbour(page, cellOf(now, a), b);
    await holdVertex(page, found.at);
    for (let i = 0; i < 3; i += 1) await page.keyboard.press(found.key);
    await page.keyboard.press('Enter');
    await revised(page, (now.revision ?? 0) + 1);
    const after = await state(page);
    for (const code of found.cells) expect(hasVertex(cellOf(after, code), found.at), code).toBe(false);
    await page.keyboard.press('Escape');
  });
  const mended = await street.bytes(id);

  await test.step('it is taken back and done again', async () => {
    const { revision } = await state(page);
    const steps = revision ?? 0;
    for (let i = 0; i < steps; i += 1) await page.keyboard.press('Control+z');
    await revised(page, 2 * steps);
    expect(await street.bytes(id)).toBe(start);
    for (let i = 0; i < steps; i += 1) await page.keyboard.press('Control+y');
    await revised(page, 3 * steps);
    expect(await street.bytes(id)).toBe(mended);
  });

  await test.step('it is published', async () => {
    await tabTo(page, page.locator('.desk-bar').getByRole('button', { name: '发布', exact: true }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByTestId('preview')).toBeVisible();
    await tabTo(page, dialog.getByLabel('发布说明'));
    await page.keyboard.type('键盘');
    await tabTo(page, dialog.getByRole('button', { name: '发布', exact: true }));
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('heading').first()).toContainText('已发布');
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(page.getByTestId('plan-state')).toHaveText('已发布');
  });
  await idle(page);
});
