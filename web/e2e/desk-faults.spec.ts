/** What goes wrong at the desk is said, where it went wrong. */
import type { Page } from '@playwright/test';
import { expect, test } from './app';
import { borderBlocks, drag, lookAt, openDesk, placeOf, quiet, revised, Street, state, takeTool } from './desk';

let street: Street;
test.beforeEach(async ({ request }) => {
  street = await Street.first(request);
});
test.afterEach(() => street.clear());

async function rename(page: Page, code: string, name: string) {
  await page.locator(`.desk-table tr[data-code="${code}"]`).click();
  await page.getByTestId('cell-card').getByLabel('名称').fill(name);
  await page.keyboard.press('Enter');
}

test('a command that is refused is said where it was to happen', async ({ page, request }) => {
  const { id } = await street.draft('拒绝');
  const { cells, blocks } = await street.desk(id);
  let found: { id: number; at: [number, number]; to: string } | null = null;
  for (const cell of cells) {
    for (const to of cell.neighbours) {
      for (const block of borderBlocks(blocks, cell.code, to)) {
        if (found || !block.at) continue;
        const answer = await request.post(`${street.path}/${id}/try`, {
          data: { op: 'assign', blocks: [block.id], to },
        });
        if (answer.status() !== 422) continue;
        if (((await answer.json()) as { reason: string }).reason === 'cell_in_pieces') {
          found = { id: block.id, at: block.at, to };
        }
      }
    }
  }
  if (!found) throw new Error('no block holds a cell together');
  const start = await street.bytes(id);
  await openDesk(page, street.code, id);
  await page.locator(`.desk-table tr[data-code="${found.to}"]`).click();
  await takeTool(page, 'brush');
  await page.getByLabel('笔宽').fill('0');
  await lookAt(page, found.at, 17.5);
  const at = await placeOf(page, found.at);
  await drag(page, at, { x: at.x + 3, y: at.y + 2 });
  const note = page.locator('.desk-refusal.placed');
  await expect(note).toHaveAttribute('data-reason', 'cell_in_pieces');
  await expect(note).toContainText('网格会断成几块');
  const refused = (await state(page)).refusal?.at;
  if (!refused) throw new Error('refused nowhere');
  const [place, box] = [await placeOf(page, refused), await note.boundingBox()];
  const [dx, dy] = [place.x - (box?.x ?? 0), place.y - (box?.y ?? 0)];
  expect(dx).toBeGreaterThan(-60);
  expect(dx).toBeLessThan((box?.width ?? 0) + 60);
  expect(Math.abs(dy)).toBeLessThan((box?.height ?? 0) + 60);
  // Nothing of it stays: not on the server, and no paint on the map.
  expect(await street.bytes(id)).toBe(start);
  expect((await state(page)).painted).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('refusal')).toBeEmpty();
});

test('a line that misses is told while it is drawn', async ({ page }) => {
  const { id } = await street.draft('切分');
  await openDesk(page, street.code, id);
  const [cell] = (await state(page)).cells;
  if (!cell?.label) throw new Error('no cell');
  await page.locator(`.desk-table tr[data-code="${cell.code}"]`).click();
  await takeTool(page, 'split');
  await lookAt(page, cell.label, 16.5);
  const { x, y } = await placeOf(page, cell.label);
  await page.mouse.click(x, y);
  await page.waitForTimeout(400);
  await page.mouse.click(x + 30, y + 10);
  await expect(page.getByTestId('split')).toContainText('线的一端在网格内');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('refusal')).toContainText('线的一端在网格内');
  await page.keyboard.press('Escape');
});

test('a server that is away is said, and the command goes out again', async ({ page }) => {
  const { id } = await street.draft('断线');
  await openDesk(page, street.code, id);
  const [a, b] = (await state(page)).cells;
  if (!a || !b) throw new Error('no cells');
  await page.route('**/edits', (route) => route.abort('connectionrefused'));
  await rename(page, a.code, '断线前');
  await expect(page.getByTestId('refusal')).toContainText('无法连接服务器');
  await page.unroute('**/edits');
  await page.getByTestId('refusal').getByRole('button', { name: '重试' }).click();
  await revised(page, 1);
  await expect(page.getByTestId('refusal')).toBeEmpty();
  expect((await street.desk(id)).cells.find(({ code }) => code === a.code)?.name).toBe('断线前');

  // The server did it, but its answer was lost: sent again, it is done once.
  await page.route(
    '**/edits',
    async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    },
    { times: 1 },
  );
  await rename(page, b.code, '只做一次');
  await expect(page.getByTestId('refusal')).toContainText('无法连接服务器');
  await page.getByTestId('refusal').getByRole('button', { name: '重试' }).click();
  await revised(page, 2);
  await expect(page.getByTestId('refusal')).toBeEmpty();
  expect((await state(page)).cells.find(({ code }) => code === b.code)?.name).toBe('只做一次');
  expect((await street.summary(id)).revision).toBe(2);
});

test('a plan that somebody else deletes is noticed', async ({ page }) => {
  const { id } = await street.draft('删除');
  await openDesk(page, street.code, id);
  await quiet(page);
  expect((await street.delete(id)).ok()).toBe(true);
  await expect(page.getByRole('alert')).toContainText('方案已不存在');
  await page.getByRole('button', { name: '方案', exact: true }).first().click();
  await expect(page.getByTestId('plans')).toBeVisible();
});

test('a desk that did not come is asked for again', async ({ page }) => {
  const { id } = await street.draft('重试');
  await page.route('**/desk', (route) => route.abort('connectionrefused'));
  await page.goto(`/#lang=zh&desk=${street.code}/${id}`);
  await expect(page.locator('.desk-panel').getByRole('alert')).toBeVisible();
  await page.unroute('**/desk');
  await page.locator('.desk-panel').getByRole('button', { name: '重试' }).click();
  await expect(page.getByTestId('balance')).toBeVisible();
});
