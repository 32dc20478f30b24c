/** A planner's morning, with the mouse: a draft is mended, taken back, done again, compared, published, and rolled back. */
import type { PlanDifference, Preview } from '../src/desk/plans/api';
import { ask, expect, idle, open, test } from './app';
import {
  bestMove,
  cellOf,
  deskReady,
  drag,
  hasVertex,
  lookAt,
  movableVertex,
  placeOf,
  quiet,
  report,
  revised,
  Street,
  splitLine,
  spoil,
  state,
  takeTool,
  timings,
  uniqueName,
  worstFirst,
} from './desk';

type Page = import('@playwright/test').Page;

let street: Street;
test.beforeEach(async ({ request }) => {
  street = await Street.first(request);
});
test.afterEach(() => street.clear());

const worst = async (page: Page) => Math.abs((await state(page)).balance?.largest ?? 0);

/** Paints one block into a cell: the cell is chosen in the table, the block is stroked. */
async function paint(page: Page, block: { id: number; at: [number, number] | null }, to: string) {
  if (!block.at) throw new Error('a block without ground');
  await page.locator(`.desk-table tr[data-code="${to}"]`).click();
  await takeTool(page, 'brush');
  await page.getByLabel('笔宽').fill('0');
  await lookAt(page, block.at, 18);
  const at = await placeOf(page, block.at);
  const { revision } = await state(page);
  await drag(page, at, { x: at.x + 3, y: at.y + 2 });
  await revised(page, (revision ?? 0) + 1);
}

test('a planner mends a draft, takes it back, does it again, compares and publishes it', async ({ page, request }) => {
  test.setTimeout(180_000);
  const base = await street.draft('待调整');
  await spoil(street, base.id, 3);
  // A copy's log begins anew: all that is taken back below was done by hand.
  await open(page, '#lang=zh');
  await page.getByRole('button', { name: '规划台' }).click();
  const row = page.locator(`[data-plan="${base.id}"]`);
  await row.getByRole('button', { name: '更多' }).click();
  await row.getByRole('button', { name: '复制为草案' }).click();
  const name = uniqueName('秋季调整');
  await page.getByLabel('名称', { exact: true }).fill(name);
  await page.getByRole('button', { name: '新建', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
  await deskReady(page);
  const id = (await state(page)).plan?.plan as number;
  street.adopt(id);
  const start = await street.bytes(id);
  const before = await worst(page);

  await test.step('the three worst cells are painted better', async () => {
    expect(before).toBeGreaterThan(0.1);
    const three = worstFirst(await state(page)).slice(0, 3);
    for (const { code } of three) {
      const move = await bestMove(street, id, await state(page), code);
      if (!move) continue;
      const was = Math.abs((await state(page)).deviations[code] ?? 0);
      await paint(page, move.block, move.to);
      expect(Math.abs((await state(page)).deviations[code] ?? 0)).toBeLessThan(was);
    }
    expect(await worst(page)).toBeLessThan(before);
    await expect(page.getByTestId('balance')).toContainText('%');
  });

  await test.step('one is split by a line', async () => {
    const now = await state(page);
    const cell = [...now.cells].sort((a, b) => b.households - a.households)[0];
    if (!cell?.label) throw new Error('no cell');
    const line = await splitLine(street, id, cell);
    await page.locator(`.desk-table tr[data-code="${cell.code}"]`).click();
    await takeTool(page, 'split');
    await lookAt(page, cell.label, 15.6);
    for (const end of line) {
      const { x, y } = await placeOf(page, end);
      await page.mouse.move(x, y, { steps: 4 });
      await page.mouse.click(x, y);
      // Two clicks that are one too quickly are a double click.
      await page.waitForTimeout(400);
    }
    await expect(page.getByTestId('split')).toContainText('切为');
    await page.locator('.desk-options').getByRole('button', { name: '切分' }).click();
    await revised(page, (now.revision ?? 0) + 1);
    const after = await state(page);
    expect(after.cells).toHaveLength(now.cells.length + 1);
    const made = after.cells.filter(({ code }) => !now.cells.some((old) => old.code === code));
    expect(cellOf(after, cell.code).households + (made[0]?.households ?? 0)).toBe(cell.households);
  });

  await test.step('two are merged', async () => {
    const now = await state(page);
    const [small] = [...now.cells].sort((a, b) => a.households - b.households);
    const other = small?.neighbours.map((code) => cellOf(now, code)).sort((a, b) => a.households - b.households)[0];
    if (!small?.label || !other?.label) throw new Error('no two cells');
    await page.locator(`.desk-table tr[data-code="${other.code}"]`).click();
    await takeTool(page, 'merge');
    await lookAt(page, small.label, 16);
    const at = await placeOf(page, small.label);
    await page.mouse.click(at.x, at.y);
    await expect.poll(async () => (await state(page)).selected).toHaveLength(2);
    await page.getByRole('button', { name: '合并 2 个网格' }).click();
    await revised(page, (now.revision ?? 0) + 1);
    const after = await state(page);
    expect(after.cells).toHaveLength(now.cells.length - 1);
    expect(cellOf(after, other.code).households).toBe(small.households + other.households);
  });

  await test.step('a vertex that three cells share is dragged, and all of them follow', async () => {
    const now = await state(page);
    const { vertex, to } = await movableVertex(street, id, now.cells, 3);
    await takeTool(page, 'vertex');
    await lookAt(page, vertex.at, 19);
    const [from, goal] = [await placeOf(page, vertex.at), await placeOf(page, to)];
    await page.mouse.move(from.x - 4, from.y);
    await page.mouse.move(from.x, from.y);
    await expect
      .poll(async () => (await state(page)).sketch.map(({ role }) => role), { message: 'handles' })
      .toContain('held');
    await page.mouse.down();
    await page.mouse.move(goal.x, goal.y, { steps: 8 });
    // While the hand moves, every cell that meets there is drawn as it would be.
    await expect
      .poll(async () => (await state(page)).sketch.filter(({ role }) => role === 'area').length)
      .toBe(vertex.cells.length);
    await page.mouse.up();
    await revised(page, (now.revision ?? 0) + 1);
    const after = await state(page);
    const moved = vertex.cells.map((code) => cellOf(after, code));
    for (const cell of moved) expect(hasVertex(cell, vertex.at), cell.code).toBe(false);
    const points = moved.map(({ geometry }) => new Set(geometry.flat(2).map(String)));
    const old = new Set(now.cells.flatMap(({ geometry }) => geometry.flat(2).map(String)));
    const common = [...(points[0] ?? [])].filter((at) => !old.has(at) && points.every((cell) => cell.has(at)));
    expect(common).toHaveLength(1);
  });
  const mended = await street.bytes(id);
  const steps = (await state(page)).revision ?? 0;

  await test.step('all of it is taken back, and done again', async () => {
    for (let done = 1; done <= steps; done += 1) {
      await page.keyboard.press('Control+z');
      await revised(page, steps + done);
    }
    expect((await state(page)).undo).toBeNull();
    expect(await street.bytes(id)).toBe(start);
    for (let done = 1; done <= steps; done += 1) {
      await page.keyboard.press('Control+Shift+z');
      await revised(page, 2 * steps + done);
    }
    expect(await street.bytes(id)).toBe(mended);
    expect((await state(page)).redo).toBeNull();
  });
  report(test, await timings(page));

  const plan = await street.summary(id);
  const published = (await ask<{ plans: { id: number; state: string }[] }>(request, street.path)).plans.find(
    ({ state }) => state === 'published',
  )?.id as number;
  const difference = await ask<PlanDifference>(request, `${street.path}/${published}/compare/${id}`);

  await test.step('it is compared with the plan in force', async () => {
    await page.getByRole('button', { name: '对比' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.compare-choice select').first().selectOption(String(published));
    const divider = dialog.getByRole('slider');
    await expect(divider).toBeVisible();
    const box = await divider.boundingBox();
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await drag(page, { x, y }, { x: x + 180, y });
    expect(Number(await divider.getAttribute('aria-valuenow'))).toBeGreaterThan(55);
    const total = difference.moves.reduce((sum, { households }) => sum + households, 0);
    expect(total).toBeGreaterThan(0);
    await expect(dialog).toContainText(total.toLocaleString('zh-CN'));
    await dialog.getByRole('button', { name: '差异' }).click();
    await expect
      .poll(() =>
        page.evaluate(() => {
          const map = (window as unknown as { wanggeCompare?: { both: NonNullable<typeof window.wangge>['map'][] } })
            .wanggeCompare?.both[0];
          const layers = ['compare-only-a', 'compare-only-b', 'compare-moved'].filter((name) => map?.getLayer(name));
          return new Set(map?.queryRenderedFeatures({ layers }).map(({ layer }) => layer.id)).size;
        }),
      )
      .toBe(3);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
  });

  await test.step('it is published, and the answers change as the preview said', async () => {
    const preview = await ask<Preview>(request, `${street.path}/${id}/preview`);
    expect(preview.households_moved).toBe(difference.moves.reduce((sum, { households }) => sum + households, 0));
    const household = difference.moved[0];
    if (!household) throw new Error('nobody moves');
    const [lon, lat] = household.at;
    const cellAt = async (day?: string) =>
      (
        await ask<{ place: { cell_code: string } }>(
          request,
          `/api/locate?lon=${lon}&lat=${lat}${day ? `&as-of=${day}` : ''}`,
        )
      ).place.cell_code;
    expect(await cellAt()).toBe(household.from);
    await page.getByRole('button', { name: '发布', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByTestId('preview')).toContainText(preview.households_moved.toLocaleString('zh-CN'));
    await expect(dialog.getByTestId('lineage')).toBeVisible();
    await dialog.getByLabel('经办人').or(dialog.getByLabel('操作人')).first().fill('张规划');
    await dialog.getByRole('button', { name: '发布', exact: true }).click();
    await expect(dialog.getByRole('heading').first()).toContainText('已发布');
    await dialog.getByRole('button', { name: '完成' }).click();
    await expect(page.getByTestId('plan-state')).toHaveText('已发布');
    expect(await cellAt()).toBe(household.to);
    const { today } = await ask<{ today: string }>(request, '/api/info');
    const yesterday = new Date(Date.parse(today) - 86_400_000).toISOString().slice(0, 10);
    expect(await cellAt(yesterday)).toBe(household.from);
    expect(plan.state).toBe('draft');
  });

  await test.step('and rolled back', async () => {
    await quiet(page);
    await page.getByRole('button', { name: '方案', exact: true }).click();
    const mine = page.getByRole('dialog').locator(`[data-plan="${id}"]`);
    await mine.getByRole('button', { name: '更多' }).click();
    await mine.getByRole('button', { name: '撤回' }).click();
    await page.getByRole('dialog').last().getByRole('button', { name: '撤回', exact: true }).click();
    await expect.poll(async () => (await street.summary(id)).state).toBe('draft');
    expect((await street.summary(published)).state).toBe('published');
    expect(await street.bytes(id)).toBe(mended);
  });
  await idle(page);
});
