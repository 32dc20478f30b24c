/** Two planners on one draft: each sees what the other does, and neither loses anything. */
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './app';
import { borderBlocks, cellOf, openDesk, quiet, Street, state } from './desk';

let street: Street;
let contexts: BrowserContext[] = [];
test.beforeEach(async ({ request }) => {
  street = await Street.first(request);
});
test.afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
  await street.clear();
});

type Block = ReturnType<typeof borderBlocks>[number];

/** A planner's browser at the draft. */
async function sitDown(from: Page, id: number, who: string): Promise<Page> {
  const context = await (from.context().browser() as NonNullable<ReturnType<BrowserContext['browser']>>).newContext({
    baseURL: new URL(from.url()).origin,
    viewport: { width: 1280, height: 800 },
    locale: 'zh-CN',
  });
  contexts.push(context);
  const page = await context.newPage();
  await openDesk(page, street.code, id);
  await page.getByLabel('经办人').fill(who);
  return page;
}

/** Moves one block from a cell to its neighbour by the keyboard. */
async function moveOne(page: Page, from: string, to: string, block: number) {
  await page.locator(`.desk-table tr[data-code="${from}"]`).click();
  await page.locator(`[data-neighbour="${to}"]`).click();
  for (let i = 0; i < 80 && (await state(page)).shown_block !== block; i += 1) {
    await page.keyboard.press(']');
    if (i === 40) await page.keyboard.press('x');
  }
  expect((await state(page)).shown_block).toBe(block);
  await page.keyboard.press('Enter');
}

/** Moves that can be made, no two of which have a cell in common with, or beside, one another. */
async function farMoves(id: number) {
  const { cells, blocks } = await street.desk(id);
  const moves: { from: string; to: string; blocks: Block[] }[] = [];
  const near = new Set<string>();
  for (const cell of cells) {
    // Three places will do.
    if (moves.length > 2) break;
    for (const to of cell.neighbours) {
      if (near.has(cell.code) || near.has(to)) continue;
      const possible: Block[] = [];
      for (const block of borderBlocks(blocks, cell.code, to)) {
        if (possible.length < 3 && (await street.tries(id, { op: 'assign', blocks: [block.id], to }))) {
          possible.push(block);
        }
      }
      if (possible.length < 2) continue;
      moves.push({ from: cell.code, to, blocks: possible });
      for (const code of [cell.code, to]) {
        near.add(code);
        for (const other of cellOf({ cells }, code).neighbours) near.add(other);
      }
    }
  }
  return moves;
}

const together = async (pages: Page[], id: number) => {
  // What a page has sent may not have come to the server yet.
  for (const page of pages) await quiet(page);
  const { revision } = await street.summary(id);
  for (const page of pages) {
    await expect.poll(async () => (await state(page)).revision).toBe(revision);
    await quiet(page);
  }
  const { cells, blocks } = await street.desk(id);
  const sorted = (now: { cells: typeof cells; blocks: typeof blocks }) => ({
    // A deviation moves with the mean; the desk keeps it beside the rows.
    cells: [...now.cells].map((row) => ({ ...row, deviation: 0 })).sort((a, b) => a.code.localeCompare(b.code)),
    blocks: [...now.blocks].sort((a, b) => a.id - b.id),
  });
  for (const page of pages) expect(sorted(await state(page))).toEqual(sorted({ cells, blocks }));
};

test('two planners on one draft converge', async ({ page }) => {
  test.setTimeout(120_000);
  const { id } = await street.draft('两人');
  const moves = await farMoves(id);
  const [here, there] = moves;
  if (!here || !there) throw new Error('the sample has no two places apart');
  await page.goto('/');
  const [first, second] = [await sitDown(page, id, '甲'), await sitDown(page, id, '乙')];
  const [one, two] = here.blocks as [Block, Block];

  await test.step('each sees what the other does', async () => {
    await moveOne(first, here.from, here.to, one.id);
    await together([first, second], id);
    await moveOne(second, there.from, there.to, (there.blocks[0] as Block).id);
    await together([first, second], id);
    await first.getByRole('button', { name: '历史' }).click();
    await expect(first.getByTestId('history').locator('li').first()).toContainText('乙');
    await first.getByRole('button', { name: '网格', exact: true }).click();
  });

  /** The second's request is on its way, when the first does something. */
  const meanwhile = async (deed: () => Promise<unknown>) => {
    await second.route(
      '**/edits',
      async (route) => {
        await deed();
        await route.continue();
      },
      { times: 1 },
    );
  };

  await test.step('what both change is refused to the second, with who did what', async () => {
    await meanwhile(() => street.edit(id, { op: 'assign', blocks: [one.id], to: here.from, who: '甲' }));
    const before = (await street.summary(id)).revision;
    await moveOne(second, here.from, here.to, two.id);
    await expect(second.getByTestId('refusal')).toContainText('甲');
    await expect(second.getByTestId('refusal')).toContainText('划入街区');
    await together([first, second], id);
    expect((await street.summary(id)).revision).toBe(before + 1);
  });

  await test.step('changes of other cells are merged', async () => {
    await meanwhile(() => street.edit(id, { op: 'rename', code: here.from, name: '甲所改', who: '甲' }));
    const before = (await street.summary(id)).revision;
    const mine = (await farMoves(id)).find(({ from, to }) =>
      [from, to].every((code) => ![here.from, here.to].includes(code)),
    );
    const beside = mine ?? there;
    await moveOne(second, beside.from, beside.to, (beside.blocks.at(-1) as Block).id);
    await expect(second.getByTestId('live')).toContainText('合并');
    await together([first, second], id);
    expect((await street.summary(id)).revision).toBe(before + 2);
    await expect(second.getByTestId('refusal')).toBeEmpty();
  });
});
