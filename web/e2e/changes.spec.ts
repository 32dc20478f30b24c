/** What a change on the server makes the map fetch again: the tiles it touched, and no others. */
import type { StaleTiles } from '../src/api/types';
import { busiestCell, expect, expectDrawn, idle, open, test } from './app';

type Page = import('@playwright/test').Page;

/** A stream in the page that says what the test says, instead of the server's. */
async function stubEvents(page: Page) {
  await page.addInitScript(() => {
    class Stream extends EventTarget {
      static readonly CLOSED = 2;
      readyState = 1;
      constructor() {
        super();
        Object.assign(window, { stream: this });
        setTimeout(() => this.dispatchEvent(new Event('open')));
      }
      close() {}
    }
    Object.assign(window, { EventSource: Stream });
  });
}

const tell = (page: Page, tiles: StaleTiles[]) =>
  page.evaluate((tiles) => {
    const data = JSON.stringify({ street: '520201011', version: 2, rows: { issues: 1 }, tiles });
    (window as unknown as { stream: EventTarget }).stream.dispatchEvent(new MessageEvent('change', { data }));
  }, tiles);

/** Paths of the tiles asked for from now on, less the `/tiles/`. */
function watchTiles(page: Page) {
  const asked: string[] = [];
  page.on('request', (r) => {
    const path = new URL(r.url()).pathname;
    if (path.startsWith('/tiles/') && !path.endsWith('.json')) asked.push(path.slice('/tiles/'.length));
  });
  return asked;
}

/** The middle of the tile a position lies in: nothing there reaches into a neighbour. */
function middleOf(lon: number, lat: number, z: number) {
  const x = Math.floor(((lon + 180) / 360) * 2 ** z);
  const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z);
  const middle = Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + 0.5)) / 2 ** z))) * (180 / Math.PI);
  return { path: `${z}/${x}/${y}`, lon: ((x + 0.5) / 2 ** z) * 360 - 180, lat: middle };
}

/** Long enough for tiles that should not be asked for to be asked for. */
const QUIET_MS = 1_500;

test('an issue makes one tile of the issues come again', async ({ page, request }) => {
  const cell = await busiestCell(request);
  const at = middleOf(cell.lon, cell.lat, 15);
  await stubEvents(page);
  await open(page, `#lang=zh&map=15.2/${at.lat}/${at.lon}`);
  await expectDrawn(page, 'issue-points');
  const asked = watchTiles(page);
  const counts = page.waitForRequest((r) => r.url().includes('/api/counts'));
  await tell(page, [{ layers: ['issues', 'heat'], boxes: [[at.lon, at.lat, at.lon, at.lat]] }]);
  await expect.poll(() => asked).toContain(`issues/${at.path}`);
  await counts;
  await expect(page.getByTestId('live')).toHaveText('数据已更新');
  await idle(page);
  await page.waitForTimeout(QUIET_MS);
  expect(asked).toEqual([`issues/${at.path}`]);
});

test('a moved border makes the tiles it meets come again, and nothing disappears meanwhile', async ({
  page,
  request,
}) => {
  const cell = await busiestCell(request);
  const at = middleOf(cell.lon, cell.lat, 15);
  await stubEvents(page);
  await open(page, `#lang=zh&map=15.2/${at.lat}/${at.lon}`);
  await expectDrawn(page, 'cell-fill');
  await page.evaluate(() => {
    const map = window.wangge?.map;
    Object.assign(window, { least: Infinity });
    map?.on('render', () => {
      const drawn = map.queryRenderedFeatures({ layers: ['cell-fill'] }).length;
      Object.assign(window, { least: Math.min((window as unknown as { least: number }).least, drawn) });
    });
  });
  const asked = watchTiles(page);
  const east = middleOf(at.lon + 360 / 2 ** 15, at.lat, 15);
  await tell(page, [
    {
      layers: ['streets', 'communities', 'cells', 'edges', 'labels', 'blocks'],
      boxes: [[at.lon, at.lat, east.lon, east.lat]],
    },
  ]);
  const grid = (path: string) => `streets,communities,cells,edges,labels,groups/${path}`;
  await expect.poll(() => asked.map(decodeURIComponent).sort()).toEqual([grid(at.path), grid(east.path)].sort());
  await idle(page);
  await page.waitForTimeout(QUIET_MS);
  expect(asked).toHaveLength(2);
  expect(await page.evaluate(() => (window as unknown as { least: number }).least)).toBeGreaterThan(0);
});

test('a tile out of view is fetched again when it comes back, others are not', async ({ page, request }) => {
  const cell = await busiestCell(request);
  const at = middleOf(cell.lon, cell.lat, 15);
  await stubEvents(page);
  await open(page, `#lang=zh&map=15.2/${at.lat}/${at.lon}&layers=streets,cells,issues`);
  await expectDrawn(page, 'issue-points');
  const jump = async (lon: number) => {
    await page.evaluate(([lon, lat]) => window.wangge?.map.jumpTo({ center: [lon, lat] as [number, number] }), [
      lon,
      at.lat,
    ] as const);
    await idle(page);
    // Labels have faded.
    await page.waitForTimeout(500);
  };
  await jump(at.lon + 0.2);
  await tell(page, [{ layers: ['issues', 'heat'], boxes: [[at.lon, at.lat, at.lon, at.lat]] }]);
  await page.waitForTimeout(QUIET_MS);
  const asked = watchTiles(page);
  await jump(at.lon);
  expect(asked).toContain(`issues/${at.path}`);
  // What was not touched is still there from before.
  expect(asked.filter((path) => path.startsWith('issues/'))).toHaveLength(1);
});

test('after a gap everything in view is fetched again', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await stubEvents(page);
  await open(page, `#lang=zh&${cell.map(15)}`);
  const asked = watchTiles(page);
  await page.evaluate(() => {
    const { stream } = window as unknown as { stream: EventTarget };
    stream.dispatchEvent(new Event('error'));
    stream.dispatchEvent(new Event('open'));
  });
  const sources = () => new Set(asked.map((path) => decodeURIComponent(path).split(/[,/]/)[0]));
  await expect.poll(() => ['water', 'streets', 'issues'].filter((name) => !sources().has(name))).toEqual([]);
});
