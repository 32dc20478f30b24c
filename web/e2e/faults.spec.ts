import type { Page } from '@playwright/test';
import { expect, expectDrawn, idle, open, test } from './app';

test('a server out of reach is said, and retried', async ({ page }) => {
  await page.route('**/api/**', (route) => route.abort('connectionrefused'));
  await page.goto('/#lang=zh');
  await expect(page.getByRole('alert')).toContainText('无法连接服务器');
  await page.unroute('**/api/**');
  await page.getByRole('button', { name: '重试' }).click();
  await expect(page.getByTestId('issue-summary')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

/** Tiles of areas fail until the answer is called. A route taken away while requests are under way may lose one. */
async function failAreaTiles(page: Page): Promise<() => void> {
  let failing = true;
  await page.route('**/tiles/streets*/**', (route) =>
    failing ? route.fulfill({ status: 500, body: '{}' }) : route.continue(),
  );
  return () => {
    failing = false;
  };
}

test('tiles that fail are said, and come after a retry', async ({ page }) => {
  const heal = await failAreaTiles(page);
  await page.goto('/#lang=zh');
  await expect(page.getByRole('alert')).toContainText('部分地图瓦片加载失败');
  heal();
  await page.getByRole('button', { name: '重试' }).click();
  await expectDrawn(page, 'street-fill');
  // Not a coarser tile in their place: every tile of the view.
  await idle(page);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('tiles that failed come when another day is looked at', async ({ page }) => {
  const heal = await failAreaTiles(page);
  await page.goto('/#lang=zh');
  await expect(page.getByRole('alert')).toContainText('部分地图瓦片加载失败');
  await page.waitForFunction(() => window.wangge?.map.areTilesLoaded());
  await expect(page.getByRole('alert')).toHaveCount(1);
  heal();
  await page.getByLabel('查看日期').fill('2026-01-15');
  await expectDrawn(page, 'street-fill');
  await idle(page);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('without a street it tells how to import one', async ({ page }) => {
  await page.route('**/api/info', async (route) => {
    const response = await route.fetch();
    const info = await response.json();
    await route.fulfill({ response, json: { ...info, streets: [], bounds: null } });
  });
  await page.goto('/#lang=zh');
  await expect(page.getByRole('heading', { name: '还没有街道数据' })).toBeVisible();
  await expect(page.getByText('wangge import survey')).toBeVisible();
});

test('an area that is no more', async ({ page }) => {
  await open(page, '#lang=zh&sel=area:999999999');
  await expect(page.getByText('没有找到这个区域')).toBeVisible();
});

test('a change on the server refreshes tiles and counts', async ({ page }) => {
  let change = false;
  await page.route('**/api/events', async (route) => {
    // The first stream is quiet; the browser comes back after the retry time it was given.
    const body = change
      ? 'retry: 60000\nevent: change\ndata: {"street":"1","version":2,"rows":{"issues":1}}\n\n'
      : 'retry: 300\n: quiet\n\n';
    await route.fulfill({ headers: { 'content-type': 'text/event-stream' }, body });
  });
  await open(page, '#lang=zh');
  await idle(page);
  const tile = page.waitForRequest((r) => r.url().includes('/tiles/issues/'));
  const counts = page.waitForRequest((r) => r.url().includes('/api/counts'));
  change = true;
  await tile;
  await counts;
});
