import type { Hit } from '../src/api/types';
import { ask, busiestCell, center, expect, hits, idle, open, test } from './app';

test('/ focuses, arrows choose, Enter flies there', async ({ page, request }) => {
  const { area } = await busiestCell(request);
  await open(page, '#lang=zh');
  await page.keyboard.press('/');
  const input = page.getByRole('combobox', { name: '搜索编码、名称、地址或坐标' });
  await expect(input).toBeFocused();
  await page.keyboard.type(area.code);
  await expect(hits(page).first()).toContainText(area.code);
  await expect(page.getByTestId('live')).toHaveText(/找到 \d+ 条结果/);
  await page.keyboard.press('ArrowDown');
  await expect(hits(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.locator('.detail-code code')).toHaveText(area.code);
  await idle(page);
  const [west, south, east, north] = area.bbox as [number, number, number, number];
  const at = await center(page);
  expect(at.lon).toBeGreaterThan(west - (east - west));
  expect(at.lon).toBeLessThan(east + (east - west));
  expect(at.lat).toBeGreaterThan(south - (north - south));
  expect(at.lat).toBeLessThan(north + (north - south));
  expect(at.zoom).toBeGreaterThan(13);
});

test('finds by Chinese name; Escape closes, then empties', async ({ page, request }) => {
  const { area } = await busiestCell(request);
  const name = area.parents.at(-1)?.[1] ?? '';
  await open(page, '#lang=zh');
  const input = page.locator('.search-input');
  await input.fill(name);
  await expect(hits(page).filter({ hasText: name }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(hits(page).first()).toBeHidden();
  await expect(input).toHaveValue(name);
  await page.keyboard.press('Escape');
  await expect(input).toHaveValue('');
});

test('coordinates are read in the system chosen', async ({ page, request }) => {
  const { lon, lat } = await busiestCell(request);
  const q = `${lon.toFixed(5)}, ${lat.toFixed(5)}`;
  const answer = await ask<{ hits: Hit[] }>(request, `/api/search?q=${encodeURIComponent(q)}&crs=gcj02`);
  const expected = answer.hits[0];
  expect(expected?.kind).toBe('coordinates');
  // GCJ-02 lies some hundred metres off: were the system ignored, the test would see it.
  expect(Math.abs((expected?.lon ?? lon) - lon)).toBeGreaterThan(0.0005);
  await open(page, '#lang=zh');
  await page.getByRole('combobox', { name: '坐标系' }).selectOption('gcj02');
  await page.locator('.search-input').fill(q.replace(',', '，'));
  await page.locator('.search-input').press('Enter');
  await expect(page).toHaveURL(/sel=point:/);
  const [x, y] = /sel=point:([-\d.]+),([-\d.]+)/.exec(page.url())?.slice(1).map(Number) ?? [];
  expect(x).toBeCloseTo(expected?.lon ?? 0, 6);
  expect(y).toBeCloseTo(expected?.lat ?? 0, 6);
  await expect(page.locator('.pin')).toBeVisible();
});

test('latitude first is noticed, nothing found is said', async ({ page }) => {
  await open(page, '#lang=zh');
  await page.locator('.search-input').fill('26.59, 104.83');
  await expect(page.locator('.search-note')).toHaveText('请先输入经度，再输入纬度');
  await page.locator('.search-input').fill('不存在的地方XYZ');
  await expect(page.locator('.search-note')).toHaveText('没有找到“不存在的地方XYZ”');
});

test('what is typed stays out of the link', async ({ page }) => {
  await open(page, '#lang=zh');
  await page.locator('.search-input').fill('某某路12号3单元401');
  await page.waitForTimeout(600);
  expect(decodeURIComponent(page.url())).not.toContain('某某路');
});
