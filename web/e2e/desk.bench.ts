/**
 * How long after the hand lets go a change is on the screen, and how far behind the pointer what is dragged lies. Beside them what
 * the browser takes for a frame of nothing, and the server for an answer of nothing. Prints a line of JSON a figure.
 */
import type { Page } from '@playwright/test';
import type { LonLat } from '../src/desk/api/types';
import { open, test } from './app';
import {
  borderBlocks,
  drag,
  lookAt,
  movableVertex,
  openDesk,
  placeOf,
  quiet,
  Street,
  splitLine,
  state,
  takeTool,
} from './desk';

const TIMES = Number(process.env.TIMES ?? 12);

/** Milliseconds in the page's own time. */
interface Seen {
  /** When the last hand was lifted, by the event's own stamp. */
  up: number;
  /** From an event of the pointer to the start of the frame after the one that drew it. */
  behind: number[];
  /** Between two frames. */
  frames: number[];
}

declare global {
  interface Window {
    seen: Seen;
  }
}

const print = (figure: object) => process.stdout.write(`FIGURE ${JSON.stringify(figure)}\n`);

function watch(page: Page) {
  return page.evaluate(() => {
    const seen: Seen = { up: 0, behind: [], frames: [] };
    window.seen = seen;
    let waiting: number[] = [];
    let last = 0;
    const stamp = (event: Event) => {
      seen.up = event.timeStamp;
    };
    window.addEventListener('pointerup', stamp, true);
    window.addEventListener('click', stamp, true);
    window.addEventListener(
      'pointermove',
      (event) => {
        if (event.buttons !== 1) return;
        // Drawn in the next frame; on the screen when the frame after that begins.
        requestAnimationFrame(() => waiting.push(event.timeStamp));
      },
      true,
    );
    const tick = (now: number) => {
      if (last) seen.frames.push(now - last);
      last = now;
      for (const at of waiting) seen.behind.push(now - at);
      waiting = [];
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
}

const forget = (page: Page) =>
  page.evaluate(() => {
    window.seen.behind = [];
    window.seen.frames = [];
  });

/** What the last command took from when the hand was lifted, once all of it is drawn. */
async function told(page: Page, what: string) {
  const took = await page.evaluate(async () => {
    const timing = () => window.wangge?.desk?.timings().at(-1);
    while (window.wangge?.desk?.busy()) await new Promise((done) => setTimeout(done, 20));
    const { sent_ms, answered_ms, drawn_ms, settled_ms } = timing() ?? {};
    const from = (sent_ms ?? 0) - window.seen.up;
    return [answered_ms, drawn_ms, settled_ms].map((part) => (part ?? Number.NaN) + from);
  });
  print({ what, answered_ms: took[0], drawn_ms: took[1], settled_ms: took[2] });
}

const revision = async (page: Page) => (await state(page)).revision ?? 0;

/** Whether the command was done; what is refused is no command. */
async function done(page: Page, before: number): Promise<boolean> {
  await page.waitForFunction(
    (before) => {
      const now = window.wangge?.desk?.state();
      return (now?.revision ?? 0) > before || now?.refusal;
    },
    before,
    { polling: 20 },
  );
  await quiet(page);
  return (await revision(page)) > before;
}

test('a planner waits', async ({ page, request }) => {
  const street = await Street.first(request);
  await open(page, '#lang=zh');
  await page.goto('about:blank');
  print({
    what: 'a frame of nothing',
    frames_ms: await page.evaluate(async () => {
      const times: number[] = [];
      for (let i = 0; i < 120; i += 1) times.push(await new Promise<number>((done) => requestAnimationFrame(done)));
      return times.slice(1).map((at, i) => at - (times[i] ?? 0));
    }),
  });
  const draft = await street.draft('bench');
  await openDesk(page, street.code, draft.id);
  await watch(page);
  print({
    what: 'an answer of nothing',
    answers_ms: await page.evaluate(async () => {
      const times: number[] = [];
      for (let i = 0; i < 50; i += 1) {
        const start = performance.now();
        await (await fetch('/healthz')).text();
        times.push(performance.now() - start);
      }
      return times;
    }),
  });
  const chosen = async (i: number) => {
    const { cells } = await state(page);
    const cell = cells[(i * 37) % cells.length];
    if (!cell) throw new Error('no cell');
    return cell;
  };

  for (let i = 0, painted = 0; painted < TIMES && i < 5 * TIMES; i += 1) {
    const now = await state(page);
    const cell = await chosen(i);
    const blocks = cell.neighbours.flatMap((from) => borderBlocks(now.blocks, from, cell.code));
    const block = blocks.find(({ at, households }) => at && households > 0);
    if (!block?.at || !(await street.tries(draft.id, { op: 'assign', blocks: [block.id], to: cell.code }))) continue;
    await page.locator(`.desk-table tr[data-code="${cell.code}"]`).click();
    await takeTool(page, 'brush');
    await page.getByLabel('笔宽').fill('0');
    await lookAt(page, block.at, 16.5);
    const at = await placeOf(page, block.at);
    const before = await revision(page);
    await drag(page, at, { x: at.x + 3, y: at.y + 2 });
    if (!(await done(page, before))) continue;
    await told(page, 'painting');
    painted += 1;
  }

  for (let i = 0; i < TIMES; i += 1) {
    const cells = (await state(page)).cells;
    const start = (i * 53) % cells.length;
    const { vertex, to } = await movableVertex(street, draft.id, cells.slice(start).concat(cells.slice(0, start)), 2);
    await takeTool(page, 'vertex');
    await lookAt(page, vertex.at, 17.5);
    const [from, goal] = [await placeOf(page, vertex.at), await placeOf(page, to)];
    const before = await revision(page);
    await page.mouse.move(from.x - 4, from.y);
    await page.mouse.move(from.x, from.y);
    await page.waitForTimeout(100);
    await page.mouse.down();
    await forget(page);
    // A hand goes about before it lets go.
    for (let turn = 0; turn < 40; turn += 1) {
      await page.mouse.move(goal.x + 30 * Math.sin(turn / 4), goal.y + 30 * Math.cos(turn / 4));
      await page.waitForTimeout(8);
    }
    await page.mouse.move(goal.x, goal.y, { steps: 4 });
    const { behind, frames } = await page.evaluate(() => window.seen);
    await page.mouse.up();
    print({ what: 'dragging', behind_ms: behind, frames_ms: frames });
    if (await done(page, before)) await told(page, 'a vertex');
  }

  for (let i = 0; i < TIMES; i += 1) {
    const cell = await chosen(i);
    let line: [LonLat, LonLat];
    try {
      line = await splitLine(street, draft.id, cell);
    } catch {
      continue;
    }
    await page.locator(`.desk-table tr[data-code="${cell.code}"]`).click();
    await takeTool(page, 'split');
    // The line's ends lie on the map, not under a panel.
    const metres = 111_200 * Math.max(...line[0].map((part, i) => Math.abs(part - (line[1][i] ?? part))));
    const zoom = Math.log2((500 * 40_075_017) / (512 * metres));
    await lookAt(page, [(line[0][0] + line[1][0]) / 2, (line[0][1] + line[1][1]) / 2], Math.min(zoom, 16.5));
    for (const end of line) {
      const { x, y } = await placeOf(page, end);
      await page.mouse.click(x, y);
      await page.waitForTimeout(400);
    }
    const before = await revision(page);
    await page.locator('.desk-options').getByRole('button', { name: '切分' }).click();
    if (await done(page, before)) await told(page, 'splitting');
  }

  for (const [key, what] of [
    ['Control+z', 'undo'],
    ['Control+Shift+z', 'redo'],
  ] as const) {
    for (let i = 0; i < TIMES; i += 1) {
      const before = await revision(page);
      await page.evaluate(() => {
        window.addEventListener(
          'keydown',
          (event) => {
            window.seen.up = event.timeStamp;
          },
          { once: true, capture: true },
        );
      });
      await page.keyboard.press(key);
      if (await done(page, before)) await told(page, what);
    }
  }
  await street.clear();
});
