import type { Counts } from '../src/api/types';
import { ask, drawn, expect, idle, info, open, test } from './app';

const sum = (counts: Counts) => counts.counts.reduce((total, row) => total + row.total, 0);

test('a category narrows tiles, counts and the link', async ({ page, request }) => {
  const category = (await info(request)).issues.categories[0]?.category ?? '';
  await open(page, '#lang=zh');
  const tiles: string[] = [];
  page.on('request', (r) => {
    if (r.url().includes('/tiles/issues/')) tiles.push(new URL(r.url()).searchParams.get('category') ?? '');
  });
  await page.getByRole('button', { name: category }).click();
  const expected = sum(await ask<Counts>(request, `/api/counts?level=cell&category=${encodeURIComponent(category)}`));
  await expect(page.getByTestId('issue-summary').locator('.stat').first()).toContainText(
    expected.toLocaleString('zh-CN'),
  );
  await expect(page.locator('.filter-result')).toContainText(expected.toLocaleString('zh-CN'));
  await expect.poll(() => tiles.length).toBeGreaterThan(0);
  await idle(page);
  expect(new Set(tiles)).toEqual(new Set([category]));
  expect(new Set((await drawn(page, 'issue-points', 'issue-bins')).map((f) => f.category))).toEqual(
    new Set([category]),
  );
  expect(decodeURIComponent(decodeURIComponent(page.url()))).toContain(`category=${category}`);

  await page.getByRole('button', { name: '重置' }).click();
  const all = sum(await ask<Counts>(request, '/api/counts?level=cell'));
  await expect(page.getByTestId('issue-summary').locator('.stat').first()).toContainText(all.toLocaleString('zh-CN'));
  expect(page.url()).not.toContain('category=');
});

test('status and a preset go to the API as it wants them', async ({ page, request }) => {
  const { today } = await info(request);
  await open(page, '#lang=zh');
  await page.getByRole('button', { name: '待处理' }).click();
  const asked = page.waitForRequest((r) => r.url().includes('/api/counts') && r.url().includes('from='));
  await page.getByRole('button', { name: '近 90 天' }).click();
  const query = new URL((await asked).url()).searchParams;
  expect(query.get('status')).toBe('open');
  const day = 86_400_000;
  expect(query.get('to')).toBe(new Date(Date.parse(today) + day).toISOString().slice(0, 10));
  expect(query.get('from')).toBe(new Date(Date.parse(today) - 89 * day).toISOString().slice(0, 10));
  const counts = await ask<Counts>(
    request,
    `/api/counts?level=cell&status=open&from=${query.get('from')}&to=${query.get('to')}`,
  );
  await expect(page.getByTestId('issue-summary').locator('.stat').first()).toContainText(
    sum(counts).toLocaleString('zh-CN'),
  );
  await idle(page);
  expect((await drawn(page, 'issue-points')).every((f) => f.status === 'open')).toBe(true);
});

test('days of one’s own, the last included', async ({ page, request }) => {
  const { issues } = await info(request);
  const last = (issues.last ?? '').slice(0, 10);
  await open(page, '#lang=zh');
  const asked = page.waitForRequest((r) => r.url().includes('/api/counts') && r.url().includes('to='));
  await page.getByLabel('结束日期').fill(last);
  await page.getByLabel('结束日期').blur();
  const to = new URL((await asked).url()).searchParams.get('to') ?? '';
  expect(Date.parse(to) - Date.parse(last)).toBe(86_400_000);
  expect(page.url()).toContain(`time=..${last}`);
});
