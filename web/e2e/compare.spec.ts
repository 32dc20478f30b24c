import type { AreaSummary, Counts } from '../src/api/types';
import { ask, expect, expectDrawn, idle, info, open, PHONE, test } from './app';

const DAY = 86_400_000;
const shifted = (day: string, days: number) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

/** Counts of the last 90 days beside those of the 90 days before. */
async function lastNinety(request: import('@playwright/test').APIRequestContext) {
  const { today } = await info(request);
  const [from, to, before] = [shifted(today, -89), shifted(today, 1), shifted(today, -179)];
  const counts = await ask<Counts>(
    request,
    `/api/counts?level=cell&from=${from}&to=${to}&compare-from=${before}&compare-to=${from}`,
  );
  return { today, from, before, counts: counts.counts };
}

test('a period is compared with the one before it', async ({ page, request }) => {
  const { from, before, counts } = await lastNinety(request);
  await open(page, '#lang=zh&layers=streets,cells,labels');
  const offered = page.getByRole('checkbox', { name: '与前一时段比较' });
  await expect(offered).toHaveCount(0);
  await page.getByRole('button', { name: '近 90 天' }).click();
  const asked = page.waitForRequest((r) => r.url().includes('/api/counts') && r.url().includes('compare-from='));
  await offered.focus();
  await page.keyboard.press('Space');
  const query = new URL((await asked).url()).searchParams;
  expect([query.get('compare-from'), query.get('compare-to')]).toEqual([before, from]);
  // What is compared is seen: the map shows the change without another click.
  await expect(page.getByRole('checkbox', { name: '分级统计图' })).toBeChecked();
  const legend = page.locator('[data-legend=change]');
  await expect(legend).toContainText('事件数变化');
  await expect(legend).toContainText('不变');
  const changes = counts.map(({ total, before }) => total - (before ?? 0));
  if (changes.some((change) => change > 0)) await expect(legend).toContainText('增加');
  if (changes.some((change) => change < 0)) await expect(legend).toContainText('减少');
  await expectDrawn(page, 'choropleth-cell');
  const sum = counts.reduce((sum, row) => sum + (row.before ?? 0), 0);
  await expect(page.getByTestId('compare-result')).toContainText(`${sum.toLocaleString('zh-CN')} 件`);
  await expect(page).toHaveURL(/compare=previous/);

  await offered.focus();
  await page.keyboard.press('Space');
  await expect(page.locator('[data-legend=choropleth]')).toBeVisible();
  await expect(legend).toHaveCount(0);
  expect(page.url()).not.toContain('compare=');
});

test('the card has both numbers, and a link reopens the comparison', async ({ page, request }) => {
  const { counts } = await lastNinety(request);
  const [most] = [...counts]
    .filter(({ before }) => (before ?? 0) > 0)
    .sort((a, b) => Math.abs(b.total - (b.before ?? 0)) - Math.abs(a.total - (a.before ?? 0)));
  const { total, before, code } = most ?? { total: 0, before: 0, code: '' };
  const area = await ask<AreaSummary>(request, `/api/areas/${code}`);
  await open(
    page,
    `#lang=zh&map=14/${area.label[1]}/${area.label[0]}&layers=streets,cells,choropleth&time=90d&compare=previous&sel=area:${code}`,
  );
  const stats = page.getByTestId('comparison').locator('dd');
  await expect(stats.nth(0)).toHaveText(total.toLocaleString('zh-CN'));
  await expect(stats.nth(1)).toHaveText((before ?? 0).toLocaleString('zh-CN'));
  const more = total - (before ?? 0);
  await expect(stats.nth(2)).toContainText(more.toLocaleString('zh-CN', { signDisplay: 'exceptZero' }));
  await expect(stats.nth(2)).toContainText('%');
  await expect(page.locator('[data-legend=change]')).toBeVisible();

  // Nothing to grow from: a number, but no share.
  const fresh = counts.find((row) => row.total > 0 && row.before === 0);
  if (fresh) {
    await page.goto(`/#lang=zh&layers=streets,cells&time=90d&compare=previous&sel=area:${fresh.code}`);
    await expect(stats.nth(0)).toHaveText(String(fresh.total));
    await expect(stats.nth(2)).toContainText('—');
  }
  await idle(page);
});

test('a year before are the same days', async ({ page, request }) => {
  const { today } = await info(request);
  await open(page, '#lang=zh&layers=streets,cells&time=30d&compare=previous');
  const asked = page.waitForRequest((r) => r.url().includes('/api/counts') && r.url().includes('compare-from='));
  await page.getByRole('button', { name: '去年同期' }).click();
  const query = new URL((await asked).url()).searchParams;
  const first = shifted(today, -29);
  // A leap day aside, which has no day of its own a year ago.
  if (!first.endsWith('-02-29')) expect(query.get('compare-from')?.slice(5)).toBe(first.slice(5));
  expect(Number(query.get('compare-from')?.slice(0, 4))).toBe(Number(first.slice(0, 4)) - 1);
  await expect(page).toHaveURL(/compare=year/);
});

test.describe('at phone width', () => {
  test.use({ viewport: PHONE });

  test('the comparison fits the sheet', async ({ page }) => {
    await open(page, '#lang=en&layers=streets,cells,choropleth&time=90d&compare=previous');
    await page.getByRole('button', { name: 'Filters', exact: true }).click();
    await expect(page.locator('.sheet').getByTestId('compare-result')).toBeVisible();
    const wide = await page.evaluate(() => {
      const body = document.querySelector('.sheet .panel-body');
      return body ? body.scrollWidth - body.clientWidth : -1;
    });
    expect(wide).toBe(0);
  });
});
