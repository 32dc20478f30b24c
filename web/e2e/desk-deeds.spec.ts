/** Everything else that a cell's panel and the tools offer, each done once and found in the history with its reason. */
import type { LonLat } from '../src/desk/api/types';
import { expect, test } from './app';
import {
  cellOf,
  hasVertex,
  lookAt,
  offset,
  openDesk,
  placeOf,
  revised,
  Street,
  sharedEdges,
  splitLine,
  state,
  takeTool,
} from './desk';

let street: Street;
test.beforeEach(async ({ request }) => {
  street = await Street.first(request);
});
test.afterEach(() => street.clear());

test('the cell’s panel does what it offers, and why is remembered', async ({ page }) => {
  const { id } = await street.draft('单元');
  await openDesk(page, street.code, id);
  const { cells, blocks } = await state(page);
  // One that no single block holds most of can be halved well.
  const share = ({ code, households }: (typeof cells)[number]) =>
    Math.max(...blocks.filter((block) => block.cell === code).map((block) => block.households)) / households;
  const [cell] = [...cells].sort((a, b) => share(a) - share(b));
  if (!cell) throw new Error('no cell');
  await page.getByLabel('经办人').fill('李规划');
  await page.getByRole('searchbox', { name: '修改原因' }).fill('居民议事会决定');
  const card = page.getByTestId('cell-card');
  const now = async (code: string) => cellOf(await state(page), code);
  let revision = 0;
  const done = () => {
    revision += 1;
    return revised(page, revision);
  };
  const row = (code: string) => page.locator(`.desk-table tr[data-code="${code}"]`);
  await row(cell.code).click();

  await card.getByLabel('名称').fill('文昌楼');
  await page.keyboard.press('Enter');
  await done();
  expect((await now(cell.code)).name).toBe('文昌楼');

  const code = `${cell.code.slice(0, 12)}088`;
  await card.getByLabel('编码', { exact: true }).fill(code);
  await page.keyboard.press('Enter');
  await done();
  expect((await now(code)).name).toBe('文昌楼');
  await expect(card).toHaveAttribute('data-code', code);

  await card.getByRole('button', { name: '专属' }).click();
  await done();
  expect((await now(code)).kind).toBe('dedicated');
  await card.getByRole('button', { name: '基础' }).click();
  await done();

  await card.getByRole('button', { name: '锁定' }).click();
  await done();
  expect((await now(code)).locked).toBe(true);
  await card.getByRole('button', { name: '平分' }).click();
  await expect(page.getByTestId('refusal')).toContainText('网格已锁定');
  await card.getByRole('button', { name: '解锁' }).click();
  await done();
  await expect(page.getByTestId('refusal')).toBeEmpty();

  const { households } = await now(code);
  await card.getByRole('button', { name: '平分' }).click();
  await done();
  expect((await state(page)).cells).toHaveLength(cells.length + 1);
  expect((await now(code)).households).toBeLessThan(households * 0.75);

  // Groups that are drawn already may come out the same: then that is said.
  await card.getByRole('button', { name: '重编联户' }).click();
  await expect
    .poll(async () => {
      const { revision: at, refusal } = await state(page);
      return at === revision + 1 || refusal?.reason === 'nothing_changes';
    })
    .toBe(true);
  revision = (await state(page)).revision ?? revision;

  const beside = (await now(code)).neighbours[0] as string;
  await row(beside).click({ modifiers: ['Shift'] });
  await card.getByRole('button', { name: '重划所选' }).click();
  await expect
    .poll(
      async () => {
        const { revision: at, refusal } = await state(page);
        return at === revision + 1 || refusal?.reason === 'nothing_changes';
      },
      { timeout: 40_000 },
    )
    .toBe(true);

  await page.getByRole('button', { name: '历史' }).click();
  const lines = page.getByTestId('history').locator('li');
  await expect(lines.last()).toContainText('李规划');
  await expect(lines.last()).toContainText('居民议事会决定');
  await page.getByRole('searchbox', { name: '修改原因' }).fill('');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+z');
  await expect(page.getByTestId('undo')).toBeEnabled();
});

test('a household goes to another group, and heads it', async ({ page, request }) => {
  const { id } = await street.draft('联户');
  const household = 'H000001';
  const ask = async (group: string) =>
    (await request.post(`${street.path}/${id}/try`, { data: { op: 'move_household', household, group } })).json();
  // Its own cell is what a move elsewhere is refused for.
  let home = '';
  for (const { code } of (await street.desk(id)).cells) {
    const answer = (await ask(`${code}001`)) as { reason?: string; codes?: string[] };
    if (answer.reason === 'other_cell' && answer.codes?.[0]) home = answer.codes[0];
    if (home) break;
  }
  const groups = Array.from({ length: 60 }, (_, i) => `${home}${String(i + 1).padStart(3, '0')}`);
  let group = '';
  for (const code of groups) {
    if (group || 'reason' in (await ask(code))) continue;
    group = code;
  }
  expect(group).not.toBe('');
  await openDesk(page, street.code, id);
  await page.locator(`.desk-table tr[data-code="${home}"]`).click();
  const card = page.getByTestId('cell-card');
  await card.getByText('调整住户').click();
  await card.getByLabel('住户编号').fill('H999999');
  await card.getByLabel('联户编码').fill(group);
  await card.getByRole('button', { name: '移到此联户' }).click();
  await expect(page.getByTestId('refusal')).toContainText('没有这个住户');
  await card.getByLabel('住户编号').fill(household);
  await card.getByRole('button', { name: '移到此联户' }).click();
  await revised(page, 1);
  await card.getByRole('button', { name: '设为联户长' }).click();
  await revised(page, 2);
  expect((await state(page)).undo?.op).toBe('set_head');
});

test('the middle of an edge is dragged to a new vertex, which is taken away again', async ({ page }) => {
  const { id } = await street.draft('加点');
  await openDesk(page, street.code, id);
  const { cells } = await state(page);
  const bend = async () => {
    for (const cell of cells) {
      for (const code of cell.neighbours) {
        for (const [a, b] of sharedEdges(cell, cellOf({ cells }, code))) {
          const middle: LonLat = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
          const to = offset(middle, 2, 2);
          if (await street.tries(id, { op: 'insert_vertex', edge: [a, b], at: to })) {
            return { middle, to, pair: [cell.code, code] as const };
          }
        }
      }
    }
    throw new Error('no edge can be bent');
  };
  const found = await bend();
  await takeTool(page, 'vertex');
  await lookAt(page, found.middle, 19);
  const [from, goal] = [await placeOf(page, found.middle), await placeOf(page, found.to)];
  await page.mouse.move(from.x + 3, from.y);
  await page.mouse.move(from.x, from.y);
  await expect.poll(async () => (await state(page)).sketch.map(({ role }) => role)).toContain('middle');
  await page.mouse.down();
  await page.mouse.move(goal.x, goal.y, { steps: 6 });
  await page.mouse.up();
  await revised(page, 1);
  expect((await state(page)).undo?.op).toBe('insert_vertex');
  const old = new Set(cells.flatMap(({ geometry }) => geometry.flat(2).map(String)));
  const made = cellOf(await state(page), found.pair[0])
    .geometry.flat(2)
    .find((at) => !old.has(String(at)));
  if (!made) throw new Error('no new vertex');
  for (const code of found.pair) expect(hasVertex(cellOf(await state(page), code), made), code).toBe(true);

  const at = await placeOf(page, made);
  await page.mouse.move(at.x, at.y);
  await page.mouse.click(at.x, at.y, { button: 'right' });
  await revised(page, 2);
  for (const code of found.pair) expect(hasVertex(cellOf(await state(page), code), made), code).toBe(false);
});

test('a plan file is taken over, and what had to be healed is told', async ({ page, request }) => {
  const { id } = await street.draft('导入');
  const other = await street.draft('画的');
  // Drawn elsewhere: a cell split along its blocks.
  const [first] = (await street.desk(other.id)).cells;
  if (!first) throw new Error('no cell');
  await street.edit(other.id, { op: 'split', cell: first.code, line: await splitLine(street, other.id, first) });
  const drawn = await street.desk(other.id);
  const plan = {
    type: 'FeatureCollection',
    features: drawn.cells.map(({ code, name, geometry }) => ({
      type: 'Feature',
      properties: { cell_code: code, name },
      geometry: { type: 'MultiPolygon', coordinates: geometry },
    })),
  };
  expect(await street.tries(id, { op: 'import', plan })).toBe(true);
  await openDesk(page, street.code, id);
  await page.getByRole('button', { name: '导入', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const take = (text: string) =>
    dialog
      .getByLabel('方案文件')
      .setInputFiles({ name: 'plan.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(text) });
  const doIt = dialog.getByRole('button', { name: '导入', exact: true });
  await take('no json');
  await doIt.click();
  await expect(dialog.getByRole('alert')).toContainText('不是 JSON 文件');
  await take(JSON.stringify({ ...plan, features: plan.features.slice(0, 5) }));
  await doIt.click();
  await expect(dialog.getByRole('alert')).toContainText('方案没有覆盖全街道');
  await take(JSON.stringify(plan));
  await doIt.click();
  await expect(dialog.getByRole('heading')).toHaveText('已导入');
  await page.keyboard.press('Escape');
  await revised(page, 1);
  expect((await state(page)).cells).toHaveLength(drawn.cells.length);
  const { only_a, only_b } = await (await request.get(`${street.path}/${id}/compare/${other.id}`)).json();
  expect([only_a, only_b]).toEqual([[], []]);
});
