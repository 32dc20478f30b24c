import { busiestCell, center, drawn, expect, expectDrawn, idle, info, open, PHONE, test } from './app';

test('the language switches everything people read, and stays', async ({ page }) => {
  await open(page, '#lang=zh');
  await expect(page.getByRole('heading', { name: '图层' })).toBeVisible();
  await page.getByTestId('language').click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-GB');
  for (const name of ['Overview', 'Layers', 'Filter issues'])
    await expect(page.getByRole('heading', { name })).toBeVisible();
  const chrome = await page.locator('.toolbar, .layers, .legend').allInnerTexts();
  // The switch itself names the other language in that language.
  expect(chrome.join('').replace('中文', '')).not.toMatch(/\p{Script=Han}/u);
  await expect(page.locator('.maplibregl-canvas')).toHaveAttribute('aria-label', /Arrow keys pan/);
  await page.goto('/');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-GB');
});

test.describe('in a browser without Chinese', () => {
  test.use({ locale: 'en-US' });

  test('the app speaks English, and days are written as everywhere in it', async ({ page, request }) => {
    const { today } = await info(request);
    await open(page);
    await expect(page.locator('html')).toHaveAttribute('lang', 'en-GB');
    await expect(page.locator('.as-of .date-field')).toHaveAttribute('data-text', today);
    await open(page, '#lang=zh');
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  });
});

test('the legend hides nothing of the map’s middle', async ({ page, request }) => {
  const { bounds } = await info(request);
  await open(page, '#lang=zh&layers=streets,cells,issues,heat,choropleth');
  const west = await page.evaluate((box) => {
    const frame = window.wangge?.map.getContainer().getBoundingClientRect();
    return (window.wangge?.map.project([box?.[0] ?? 0, box?.[1] ?? 0]).x ?? 0) + (frame?.x ?? 0);
  }, bounds);
  const legend = await page.locator('.legend-dock').boundingBox();
  expect((legend?.x ?? 0) + (legend?.width ?? 0)).toBeLessThanOrEqual(west);
});

test('the theme changes the map and the page together', async ({ page }) => {
  const background = () => page.evaluate(() => window.wangge?.map.getPaintProperty('background', 'background-color'));
  await open(page, '#lang=zh&theme=light');
  const light = await background();
  await page.getByRole('button', { name: '深色' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect.poll(background).not.toBe(light);
  await page.getByRole('button', { name: '跟随系统' }).click();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(background).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a link reopens the same view', async ({ page, request, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { area, lon, lat, map } = await busiestCell(request);
  const category = (await info(request)).issues.categories[0]?.category ?? '';
  await open(page, `#lang=zh&${map(15.3)}&sel=point:${lon},${lat}`);
  await page.getByRole('checkbox', { name: '分级统计图' }).check({ force: true });
  await page.getByRole('button', { name: '每百户' }).click();
  await page.getByRole('button', { name: category }).click();
  await page.getByRole('button', { name: '深色' }).click();
  await page.getByRole('button', { name: '放大' }).click();
  await idle(page);
  const before = await center(page);
  await page.getByRole('button', { name: '复制链接' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(page.url());

  const other = await context.newPage();
  await other.goto(link);
  await idle(other);
  const after = await center(other);
  expect(after.zoom).toBeCloseTo(before.zoom, 1);
  expect(after.lon).toBeCloseTo(before.lon, 5);
  expect(after.lat).toBeCloseTo(before.lat, 5);
  await expect(other.getByRole('checkbox', { name: '分级统计图' })).toBeChecked();
  await expect(other.getByRole('button', { name: '每百户' })).toHaveAttribute('aria-pressed', 'true');
  await expect(other.getByRole('button', { name: category })).toHaveAttribute('aria-pressed', 'true');
  await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(other.locator('.detail-code code')).toHaveText(area.code);
  expect(other.url()).toBe(link);
  await other.close();
});

test('another day asks for that day’s plan', async ({ page }) => {
  await open(page, '#lang=zh');
  await expectDrawn(page, 'community-fill');
  const tile = page.waitForRequest((r) => r.url().includes('/tiles/streets') && r.url().includes('as-of=1999-12-31'));
  await page.getByLabel('查看日期').fill('1999-12-31');
  await page.getByLabel('查看日期').blur();
  await tile;
  await idle(page);
  await expect.poll(async () => (await drawn(page, 'community-fill')).length).toBe(0);
  await expect(page.getByText('当日没有生效的方案').first()).toBeVisible();
  // Today's figures would be wrong beside it.
  await expect(page.locator('.street-card .stat', { hasText: '网格单元' })).toHaveText(/—$/);
  await page.getByRole('button', { name: '今天' }).click();
  await expectDrawn(page, 'community-fill');
});

test('zoom buttons and “show everything”', async ({ page, request }) => {
  const { bounds } = await info(request);
  const { map } = await busiestCell(request);
  await open(page, `#lang=zh&${map(16)}`);
  await page.getByRole('button', { name: '缩小' }).click();
  await expect.poll(async () => (await center(page)).zoom).toBeCloseTo(15, 1);
  await page.getByRole('button', { name: '查看全部' }).click();
  await expect
    .poll(() =>
      page.evaluate((box) => {
        const seen = window.wangge?.map.getBounds();
        return !!seen && !!box && seen.contains([box[0], box[1]]) && seen.contains([box[2], box[3]]);
      }, bounds),
    )
    .toBe(true);
});

test.describe('at phone width', () => {
  test.use({ viewport: PHONE });

  test('panels are sheets, one at a time, and nothing sticks out', async ({ page, request }) => {
    const { map, lon, lat } = await busiestCell(request);
    await open(page, `#lang=zh&${map(14)}`);
    for (const name of ['概览', '图层', '筛选', '设置']) {
      await page.getByRole('button', { name, exact: true }).click();
      await expect(page.locator('.sheet')).toHaveCount(1);
      await expect(page.locator('.sheet h2').first()).toHaveText(name);
      await expectTidy(page);
    }
    await page.getByRole('button', { name: '关闭' }).click();
    await expect(page.locator('.sheet')).toHaveCount(0);
    await page.goto(`/#lang=en&${map(15)}&sel=point:${lon},${lat}`);
    await page.reload();
    await expect(page.locator('.sheet').getByTestId('place')).toBeAttached();
    await expectTidy(page);
  });

  test('a tapped point is not left behind the sheet', async ({ page, request }) => {
    const { map } = await busiestCell(request);
    await open(page, `#lang=zh&${map(15)}&layers=streets,cells`);
    await page.mouse.click(PHONE.width / 2, PHONE.height - 120);
    await expect(page.locator('.sheet').getByTestId('place')).toBeAttached();
    await expect
      .poll(async () => {
        const pin = await page.locator('.pin').boundingBox();
        const sheet = await page.locator('.sheet').boundingBox();
        return !!pin && !!sheet && pin.y + pin.height <= sheet.y;
      })
      .toBe(true);
  });
});

/** No part lies over another, and nothing is wider than the screen. */
async function expectTidy(page: import('@playwright/test').Page) {
  const faults = await page.evaluate(() => {
    const parts = ['.topbar', '.sheet', '.tabbar', '.map-controls'].flatMap((selector) =>
      [...document.querySelectorAll(selector)].map((element) => ({ selector, box: element.getBoundingClientRect() })),
    );
    const found: string[] = [];
    for (const [i, a] of parts.entries()) {
      if (a.box.left < -0.5 || a.box.right > innerWidth + 0.5) found.push(`${a.selector} sticks out`);
      for (const b of parts.slice(i + 1)) {
        const x = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const y = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        if (x > 0.5 && y > 0.5) found.push(`${a.selector} lies over ${b.selector}`);
      }
    }
    for (const element of document.querySelectorAll('.sheet .panel-body, .topbar, .tabbar')) {
      if (element.scrollWidth > element.clientWidth + 1) found.push(`${element.className} is too wide`);
    }
    return found;
  });
  expect(faults).toEqual([]);
}
