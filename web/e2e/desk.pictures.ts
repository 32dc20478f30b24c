/** Draws the pictures of docs/desk.md anew: `make docs-pictures`. */
import type { Page } from '@playwright/test';
import { idle, test } from './app';
import {
  deskReady,
  drag,
  lookAt,
  movableVertex,
  openDesk,
  placeOf,
  quiet,
  Street,
  splitLine,
  spoil,
  state,
  takeTool,
  worstFirst,
} from './desk';

const show = (page: Page, name: string) =>
  page.screenshot({ path: `../docs/desk/${name}.jpg`, type: 'jpeg', quality: 84 });
const SIZES = {
  1440: { width: 1440, height: 900 },
  1024: { width: 1024, height: 768 },
  390: { width: 390, height: 844 },
};

test('the handbook', async ({ page, request }) => {
  const street = await Street.first(request);
  const made = await request.post(street.path, { data: { name: '秋季调整', from: 'published' } });
  const { id } = (await made.json()) as { id: number };
  street.adopt(id);
  await spoil(street, id, 2);

  for (const [name, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    await openDesk(page, street.code, id);
    const [worst] = worstFirst(await state(page));
    if (name === '1440') await page.locator(`.desk-table tr[data-code="${worst?.code}"]`).click();
    await idle(page);
    await show(page, `desk-${name}`);
  }

  await page.setViewportSize(SIZES[1440]);
  await openDesk(page, street.code, id);
  const cells = (await state(page)).cells;
  const { vertex, to } = await movableVertex(street, id, cells, 3);
  await takeTool(page, 'vertex');
  await lookAt(page, vertex.at, 18.2);
  const [from, goal] = [await placeOf(page, vertex.at), await placeOf(page, to)];
  await page.mouse.move(from.x - 4, from.y);
  await page.mouse.move(from.x, from.y);
  await page.waitForTimeout(200);
  await page.mouse.down();
  await page.mouse.move(goal.x + 30, goal.y + 20, { steps: 8 });
  await page.waitForTimeout(200);
  await show(page, 'vertex-1440');
  await page.keyboard.press('Escape');
  await page.mouse.up();
  await quiet(page);

  const large = [...cells].sort((a, b) => b.area_m2 - a.area_m2)[0];
  if (!large?.label) throw new Error('no cell');
  const line = await splitLine(street, id, large);
  await page.locator(`.desk-table tr[data-code="${large.code}"]`).click();
  await takeTool(page, 'split');
  await lookAt(page, large.label, 15.4);
  for (const end of line) {
    const { x, y } = await placeOf(page, end);
    await page.mouse.click(x, y);
    await page.waitForTimeout(400);
  }
  await page.getByTestId('split').waitFor();
  await page.waitForTimeout(600);
  await show(page, 'split-1440');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: '自动编制' }).click();
  await page.getByRole('button', { name: '开始' }).click();
  await page.locator('.result').nth(2).locator('svg').waitFor({ timeout: 120_000 });
  await page.waitForTimeout(500);
  await show(page, 'planning-1440');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  for (const name of ['1440', '390'] as const) {
    await page.setViewportSize(SIZES[name]);
    await openDesk(page, street.code, id);
    if (name === '390') await page.locator('.desk-tabs').getByRole('button', { name: '更多', exact: true }).click();
    await page.getByRole('button', { name: '发布', exact: true }).click();
    await page.getByTestId('preview').waitFor();
    await page.waitForTimeout(300);
    await show(page, `publish-${name}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  await page.setViewportSize(SIZES[1024]);
  await openDesk(page, street.code, id);
  await deskReady(page);
  await page.getByRole('button', { name: '对比' }).click();
  const divider = page.getByRole('dialog').getByRole('slider');
  await divider.waitFor();
  await page.waitForTimeout(4000);
  const box = await divider.boundingBox();
  const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
  await drag(page, { x, y }, { x: x + 40, y });
  await page.waitForTimeout(1000);
  await show(page, 'compare-1024');
  await street.clear();
});
