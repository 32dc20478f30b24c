/** The app as a test drives it: opened at a link, asked what is drawn. */
import { type APIRequestContext, test as base, expect, type Page } from '@playwright/test';
import axe from 'axe-core';
import type { AreaSummary, Counts, Info } from '../src/api/types';

export const PHONE = { width: 390, height: 844 };

/** Every test fails on an error in the page, and on a request to anybody but the server. */
export const test = base.extend<{ clean: undefined }>({
  clean: [
    async ({ page, baseURL }, use) => {
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.stack ?? String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          faults.push(message.text());
      });
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== new URL(baseURL ?? '').origin) faults.push(request.url());
      });
      await use(undefined);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export async function open(page: Page, hash = '') {
  await page.goto(`/${hash}`);
  await idle(page);
}

/** The search box's suggestions. */
export const hits = (page: Page) => page.locator('#search-hits [role=option]');

/** All tiles are there and drawn. */
export async function idle(page: Page) {
  await page.waitForFunction(
    () => {
      const map = window.wangge?.map;
      return map?.loaded() && map.areTilesLoaded() && !map.isMoving();
    },
    null,
    { timeout: 40_000 },
  );
}

/** Properties of what the style layers draw in view. */
export function drawn(page: Page, ...layers: string[]): Promise<Record<string, unknown>[]> {
  return page.evaluate((names) => {
    const map = window.wangge?.map;
    const known = names.filter((name) => map?.getLayer(name));
    return known.length && map ? map.queryRenderedFeatures({ layers: known }).map((f) => f.properties) : [];
  }, layers);
}

/** Waits until the style layers draw something that satisfies the condition. */
export async function expectDrawn(page: Page, layer: string, least = 1) {
  await expect.poll(async () => (await drawn(page, layer)).length, { message: layer }).toBeGreaterThanOrEqual(least);
}

export async function expectNotDrawn(page: Page, layer: string) {
  await expect.poll(async () => (await drawn(page, layer)).length, { message: layer }).toBe(0);
}

export async function clickAt(page: Page, lon: number, lat: number) {
  const { x, y } = await page.evaluate(
    ([x, y]) => {
      const map = window.wangge?.map;
      const box = map?.getCanvas().getBoundingClientRect();
      const at = map?.project([x, y] as [number, number]);
      return { x: (at?.x ?? 0) + (box?.x ?? 0), y: (at?.y ?? 0) + (box?.y ?? 0) };
    },
    [lon, lat],
  );
  await page.mouse.click(x, y);
}

export const center = (page: Page) =>
  page.evaluate(() => {
    const map = window.wangge?.map;
    const at = map?.getCenter();
    return { lon: at?.lng ?? 0, lat: at?.lat ?? 0, zoom: map?.getZoom() ?? 0 };
  });

export async function ask<T>(request: APIRequestContext, path: string): Promise<T> {
  const response = await request.get(path);
  expect(response.status(), path).toBe(200);
  return (await response.json()) as T;
}

export const info = (request: APIRequestContext) => ask<Info>(request, '/api/info');

/** The cell with the most issues, and a link's `map=` that shows it. */
export async function busiestCell(request: APIRequestContext) {
  const { counts } = await ask<Counts>(request, '/api/counts?level=cell');
  const most = [...counts].sort((a, b) => b.total - a.total)[0];
  if (!most) throw new Error('the sample has no cells');
  const area = await ask<AreaSummary>(request, `/api/areas/${most.code}`);
  const [lon, lat] = area.label as [number, number];
  return { area, lon, lat, map: (zoom: number) => `map=${zoom}/${lat}/${lon}` };
}

/** Layers under which a click meets nothing but areas. */
export const AREAS_ONLY = 'layers=water,roads,streets,communities,cells,labels';

/** Serious and critical findings of axe, each with what it is about. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run(document));
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}
