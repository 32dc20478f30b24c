/** The planner's desk as a test drives it: drafts over the API, hands on the map, answers compared with the server's. */
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import type { BlockRow, CellRow, Desk, LonLat, PlanSummary } from '../src/desk/api/types';
import type { DeskState } from '../src/desk/state/handle';
import type { Timing } from '../src/desk/state/store';
import { expect, idle, info } from './app';

export const plansPath = (street: string) => `/api/streets/${street}/plans`;

let drafts = 0;

/** Names of drafts made by one run do not meet those of another. */
export const uniqueName = (what: string) => {
  drafts += 1;
  return `${what} ${Date.now().toString(36)}${drafts}`;
};

/** A street's plans as a test changes them. What it makes is taken away again by `clear`. */
export class Street {
  private readonly made: number[] = [];

  private constructor(
    private readonly request: APIRequestContext,
    readonly code: string,
  ) {}

  static async first(request: APIRequestContext): Promise<Street> {
    const { streets } = await info(request);
    const code = streets[0]?.code;
    if (!code) throw new Error('the sample has no street');
    return new Street(request, code);
  }

  get path() {
    return plansPath(this.code);
  }

  async draft(what: string, from: 'published' | number = 'published'): Promise<PlanSummary> {
    const response = await this.request.post(this.path, { data: { name: uniqueName(what), from } });
    expect(response.status(), await response.text()).toBe(201);
    const plan = (await response.json()) as PlanSummary;
    this.made.push(plan.id);
    return plan;
  }

  /** A draft that the page made is cleared with the others. */
  adopt(id: number) {
    this.made.push(id);
  }

  async summary(id: number): Promise<PlanSummary> {
    return (await (await this.request.get(`${this.path}/${id}`)).json()) as PlanSummary;
  }

  async desk(id: number): Promise<Desk> {
    return JSON.parse(await this.text(id)) as Desk;
  }

  /** The plan as bytes: cells, blocks, figures and geometry, without the log's numbers. */
  async bytes(id: number): Promise<string> {
    const text = await this.text(id);
    return text.slice(text.indexOf('"communities":['), text.lastIndexOf(',"undo":'));
  }

  private async text(id: number): Promise<string> {
    const response = await this.request.get(`${this.path}/${id}/desk`);
    expect(response.status()).toBe(200);
    return response.text();
  }

  /** What a command would come to, without doing it: 200 or 422. */
  async tries(id: number, command: object): Promise<boolean> {
    return (await this.request.post(`${this.path}/${id}/try`, { data: command })).status() === 200;
  }

  /** Does commands as somebody else. Returns the last answer. */
  async edit(id: number, ...commands: object[]) {
    let answer: { number: number; revision: number } | null = null;
    for (const command of commands) {
      const { revision } = await this.summary(id);
      const response = await this.request.post(`${this.path}/${id}/edits`, {
        data: command,
        headers: { 'if-match': `"r${revision}"` },
      });
      expect(response.status(), `${JSON.stringify(command)}: ${await response.text()}`).toBe(200);
      answer = await response.json();
    }
    return answer;
  }

  async delete(id: number) {
    const { revision } = await this.summary(id);
    return this.request.delete(`${this.path}/${id}`, { headers: { 'if-match': `"r${revision}"` } });
  }

  /** Takes back what was published, and deletes the drafts. */
  async clear() {
    for (const id of this.made.reverse()) {
      const response = await this.request.get(`${this.path}/${id}`);
      if (!response.ok()) continue;
      const plan = (await response.json()) as PlanSummary;
      if (plan.state === 'published') {
        const back = await this.request.post(`${this.path}/${id}/rollback`, {
          data: {},
          headers: { 'if-match': `"r${plan.revision}"` },
        });
        expect(back.status(), await back.text()).toBe(200);
      }
      await this.delete(id);
    }
  }
}

export async function openDesk(page: Page, street: string, plan: number | null, more = 'lang=zh') {
  await page.goto(`/#${more}&desk=${street}${plan === null ? '' : `/${plan}`}`);
  if (plan !== null) await deskReady(page);
}

export async function deskReady(page: Page) {
  await page.waitForFunction(() => window.wangge?.desk?.state().phase === 'ready', null, { timeout: 40_000 });
  await idle(page);
  await quiet(page);
}

/** No command is under way, and the map shows what there is. */
export async function quiet(page: Page) {
  await page.waitForFunction(() => window.wangge?.desk && !window.wangge.desk.busy(), null, { timeout: 40_000 });
}

export async function state(page: Page): Promise<DeskState> {
  const state = await page.evaluate(() => window.wangge?.desk?.state());
  if (!state) throw new Error('the desk is not open');
  return state;
}

export const timings = (page: Page): Promise<Timing[]> => page.evaluate(() => window.wangge?.desk?.timings() ?? []);

/** Waits until the desk has a revision, and shows it. */
export async function revised(page: Page, revision: number) {
  await expect.poll(async () => (await state(page)).revision, { message: 'revision' }).toBe(revision);
  await quiet(page);
}

/** Moves the map as the planner's other hand would, and waits until it stands. */
export async function lookAt(page: Page, at: LonLat, zoom = 17) {
  await page.evaluate(
    ([center, zoom]) => {
      const map = window.wangge?.map;
      // In the part of the map that no panel covers.
      const canvas = map?.getCanvas().getBoundingClientRect();
      const panel = document.querySelector('.desk-panel')?.getBoundingClientRect();
      const beside = canvas && panel && panel.height > canvas.height / 2 && panel.left > canvas.left;
      const offset: [number, number] = beside ? [-(canvas.right - panel.left) / 2, 0] : [0, -140];
      map?.easeTo({ center, zoom, offset, duration: 0 });
    },
    [at, zoom] as const,
  );
  await idle(page);
}

/** Pixels of the page. */
export function placeOf(page: Page, at: LonLat): Promise<{ x: number; y: number }> {
  return page.evaluate((at) => {
    const map = window.wangge?.map;
    const box = map?.getCanvas().getBoundingClientRect();
    const point = map?.project(at);
    return { x: (point?.x ?? 0) + (box?.x ?? 0), y: (point?.y ?? 0) + (box?.y ?? 0) };
  }, at);
}

export async function takeTool(page: Page, name: string) {
  await page.locator(`[data-tool=${name}]`).click();
  await expect(page.locator(`[data-tool=${name}]`)).toHaveAttribute('aria-pressed', 'true');
}

/** Drags the pointer from place to place, in steps as a hand would. */
export async function drag(page: Page, ...places: { x: number; y: number }[]) {
  const [first, ...rest] = places;
  if (!first) return;
  await page.mouse.move(first.x, first.y);
  await page.mouse.down();
  for (const { x, y } of rest) await page.mouse.move(x, y, { steps: 8 });
  await page.mouse.up();
}

export const cellOf = ({ cells }: { cells: readonly CellRow[] }, code: string): CellRow => {
  const cell = cells.find((row) => row.code === code);
  if (!cell) throw new Error(`no cell ${code}`);
  return cell;
};

/** Basic cells, the worst first. */
export const worstFirst = ({ cells, deviations }: DeskState): CellRow[] =>
  cells
    .filter(({ code }) => code in deviations)
    .sort((a, b) => Math.abs(deviations[b.code] ?? 0) - Math.abs(deviations[a.code] ?? 0));

const keyOf = ([lon, lat]: LonLat) => `${lon.toFixed(7)},${lat.toFixed(7)}`;
const edgeKey = (a: LonLat, b: LonLat) => [keyOf(a), keyOf(b)].sort().join(' ');
const ringEdges = (rings: LonLat[][]) =>
  rings.flatMap((ring) => ring.slice(1).map((b, i): [LonLat, LonLat] => [ring[i] as LonLat, b]));

/** Blocks of one cell that share an edge with the other. */
export function borderBlocks(blocks: readonly BlockRow[], from: string, to: string): BlockRow[] {
  const beside = new Set(
    blocks
      .filter(({ cell }) => cell === to)
      .flatMap(({ geometry }) => ringEdges(geometry).map(([a, b]) => edgeKey(a, b))),
  );
  return blocks.filter(
    ({ cell, geometry }) => cell === from && ringEdges(geometry).some(([a, b]) => beside.has(edgeKey(a, b))),
  );
}

export interface SharedVertex {
  at: LonLat;
  cells: string[];
}

/** Vertices between cells that lie inside the street, those of the most cells first. */
export function sharedVertices(cells: readonly CellRow[]): SharedVertex[] {
  const vertices = new Map<string, { at: LonLat; cells: Set<string>; outer: boolean }>();
  const edges = new Map<string, number>();
  for (const { code, geometry } of cells) {
    for (const [a, b] of ringEdges(geometry.flat())) {
      edges.set(edgeKey(a, b), (edges.get(edgeKey(a, b)) ?? 0) + 1);
      for (const at of [a, b]) {
        const vertex = vertices.get(keyOf(at)) ?? { at, cells: new Set<string>(), outer: false };
        vertices.set(keyOf(at), vertex);
        vertex.cells.add(code);
      }
    }
  }
  for (const { geometry } of cells) {
    for (const [a, b] of ringEdges(geometry.flat())) {
      if (edges.get(edgeKey(a, b)) !== 1) continue;
      for (const at of [a, b]) {
        const vertex = vertices.get(keyOf(at));
        if (vertex) vertex.outer = true;
      }
    }
  }
  return [...vertices.values()]
    .filter(({ cells, outer }) => cells.size > 1 && !outer)
    .map(({ at, cells }) => ({ at, cells: [...cells] }))
    .sort((a, b) => b.cells.length - a.cells.length);
}

export const hasVertex = ({ geometry }: CellRow, at: LonLat): boolean =>
  geometry.flat(2).some((point) => keyOf(point) === keyOf(at));

/** Edges of the border between two cells. */
export function sharedEdges(a: CellRow, b: CellRow): [LonLat, LonLat][] {
  const theirs = new Set(ringEdges(b.geometry.flat()).map(([p, q]) => edgeKey(p, q)));
  return ringEdges(a.geometry.flat()).filter(([p, q]) => theirs.has(edgeKey(p, q)));
}

/** Metres east and north of a position. */
export const offset = ([lon, lat]: LonLat, east_m: number, north_m: number): LonLat => {
  const exact = (value: number) => Math.round(value * 1e7) / 1e7;
  return [exact(lon + east_m / (111_200 * Math.cos((lat * Math.PI) / 180))), exact(lat + north_m / 111_200)];
};

/**
 * The block to move over next for a cell that has too many or too few households: the one after which the larger deviation of the
 * two cells is least. The server says which can be moved at all.
 */
export async function bestMove(
  street: Street,
  id: number,
  now: DeskState,
  code: string,
): Promise<{ block: BlockRow; from: string; to: string; after: number } | null> {
  const mean = now.balance?.mean ?? 1;
  const cell = cellOf(now, code);
  const over = cell.households > mean;
  const before = (c: CellRow) => Math.abs(c.households / mean - 1);
  const options = cell.neighbours.flatMap((other) => {
    const [from, to] = over ? [cell, cellOf(now, other)] : [cellOf(now, other), cell];
    return borderBlocks(now.blocks, from.code, to.code)
      .filter(({ at, households }) => at && households > 0)
      .map((block) => {
        const after = Math.max(
          Math.abs((from.households - block.households) / mean - 1),
          Math.abs((to.households + block.households) / mean - 1),
        );
        return { block, from: from.code, to: to.code, after };
      });
  });
  for (const option of options.filter(({ after }) => after < before(cell)).sort((a, b) => a.after - b.after)) {
    if (await street.tries(id, { op: 'assign', blocks: [option.block.id], to: option.to })) return option;
  }
  return null;
}

/** Gives blocks away until the cell has too few: a draft somebody has to mend. Returns the cells it spoilt. */
export async function spoil(street: Street, id: number, count: number): Promise<void> {
  const spoilt = new Set<string>();
  let desk = await street.desk(id);
  for (const cell of [...desk.cells].sort((a, b) => b.households - a.households)) {
    if (spoilt.size >= count * 2) break;
    if (spoilt.has(cell.code)) continue;
    const beside = cell.neighbours.find((code) => !spoilt.has(code));
    if (!beside) continue;
    let moved = 0;
    for (const block of borderBlocks(desk.blocks, beside, cell.code)) {
      if (moved >= 60) break;
      const command = { op: 'assign', blocks: [block.id], to: cell.code };
      if (block.households === 0 || !(await street.tries(id, command))) continue;
      await street.edit(id, command);
      moved += block.households;
    }
    if (moved < 30) continue;
    spoilt.add(cell.code).add(beside);
    desk = await street.desk(id);
  }
}

/** A line through a cell that the server takes, from outside to outside. */
export async function splitLine(street: Street, id: number, cell: CellRow): Promise<[LonLat, LonLat]> {
  const [w, s, e, n] = cell.bbox ?? [0, 0, 0, 0];
  const [x, y] = cell.label ?? [(w + e) / 2, (s + n) / 2];
  const reach = Math.max(e - w, n - s) * 0.75;
  for (let i = 0; i < 24; i += 1) {
    const turn = (i * Math.PI) / 24;
    const [dx, dy] = [Math.cos(turn) * reach, Math.sin(turn) * reach];
    const line: [LonLat, LonLat] = [offset([x - dx, y - dy], 0, 0), offset([x + dx, y + dy], 0, 0)];
    if (await street.tries(id, { op: 'split', cell: cell.code, line })) return line;
  }
  throw new Error(`no line splits ${cell.code}`);
}

/** A shared vertex and a place that the server lets it go to. */
export async function movableVertex(
  street: Street,
  id: number,
  cells: readonly CellRow[],
  least = 2,
): Promise<{ vertex: SharedVertex; to: LonLat }> {
  for (const vertex of sharedVertices(cells).filter(({ cells }) => cells.length >= least)) {
    for (const [east, north] of [
      [4, 3],
      [-4, -3],
      [3, -4],
      [-3, 4],
    ] as const) {
      const to = offset(vertex.at, east, north);
      if (await street.tries(id, { op: 'move_vertex', from: vertex.at, to })) return { vertex, to };
    }
  }
  throw new Error('no vertex can be moved');
}

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab', most = 120) {
  await expect(target).toBeVisible();
  for (let i = 0; i < most; i += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`not reached by ${key}: ${target}`);
}

/** Figures for whoever reads the report; a slow machine is no failure. */
export function report(test: { info(): { annotations: { type: string; description?: string }[] } }, lines: Timing[]) {
  const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  for (const op of new Set(lines.map((line) => line.op))) {
    const those = lines.filter((line) => line.op === op);
    const part = (name: 'answered_ms' | 'drawn_ms' | 'settled_ms') => {
      const values = those.map((line) => line[name] ?? 0);
      return `${name} ${Math.round(median(values))} (most ${Math.round(Math.max(...values))})`;
    };
    const description = `${op} ×${those.length}: ${part('answered_ms')}, ${part('drawn_ms')}, ${part('settled_ms')}`;
    test.info().annotations.push({ type: 'timing', description });
    process.stdout.write(`    ${description}\n`);
  }
}
