import type { AreaSummary, Hotspots } from '../src/api/types';
import { ask, expect, expectDrawn, idle, open, PHONE, test } from './app';

type Page = import('@playwright/test').Page;

/** The cell that stands out most, and a link's `map=` to it. */
async function outstanding(request: import('@playwright/test').APIRequestContext) {
  const { areas } = await ask<Hotspots>(request, '/api/hotspots?level=cell&measure=count');
  const [most] = [...areas].sort((a, b) => Math.abs(b.z ?? 0) - Math.abs(a.z ?? 0));
  if (typeof most?.z !== 'number') throw new Error('nothing stands out in the sample');
  const area = await ask<AreaSummary>(request, `/api/areas/${most.code}`);
  const [lon, lat] = area.label as [number, number];
  return { code: most.code, z: most.z, bin: most.bin, map: `map=14/${lat}/${lon}` };
}

/** The colour the map gives an area, and that of the legend's place, both as the browser writes colours. */
const colours = (page: Page, code: string, place: number) =>
  page.evaluate(
    ([code, place]) => {
      const match = window.wangge?.map.getPaintProperty('choropleth-cell', 'fill-color') as unknown[];
      const at = match.findIndex((label) => Array.isArray(label) && label.includes(code));
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.background = String(match[at + 1]);
      const onMap = getComputedStyle(probe).backgroundColor;
      probe.remove();
      const swatch = document.querySelectorAll('[data-legend=hotspots] .swatch')[place as number];
      return { onMap, inLegend: swatch ? getComputedStyle(swatch).backgroundColor : null };
    },
    [code, place] as const,
  );

test('hot spots: the map, the legend and the card say the same', async ({ page, request }) => {
  const spot = await outstanding(request);
  await open(page, `#lang=zh&${spot.map}&layers=streets,cells,labels&sel=area:${spot.code}`);
  await page.getByRole('checkbox', { name: '分级统计图' }).check({ force: true });
  // By keyboard, as every control.
  await page.getByRole('button', { name: '热点', exact: true }).focus();
  await page.keyboard.press('Enter');
  const legend = page.locator('[data-legend=hotspots]');
  await expect(legend.locator('li')).toHaveCount(7);
  for (const percent of ['99%', '95%', '90%']) await expect(legend).toContainText(percent);
  await expect(page.locator('.layer-choices')).toContainText('Getis-Ord Gi*');
  await expect(page).toHaveURL(/shading=hotspots/);
  await expectDrawn(page, 'choropleth-cell');
  const { onMap, inLegend } = await colours(page, spot.code, spot.bin + 3);
  expect(onMap).toBe(inLegend);

  const card = page.getByTestId('hotspot');
  await expect(card).toContainText(
    spot.z.toLocaleString('zh-CN', { maximumFractionDigits: 2, signDisplay: 'exceptZero' }),
  );
  const finding = spot.bin > 0 ? '热点' : spot.bin < 0 ? '冷点' : '不显著';
  await expect(card.locator('dd').last()).toContainText(finding);

  const rate = page.waitForRequest((r) => r.url().includes('/api/hotspots') && r.url().includes('measure=rate'));
  await page.getByRole('button', { name: '每百户' }).click();
  await rate;
  const communities = page.waitForRequest((r) => /\/api\/hotspots\?.*level=community/.test(r.url()));
  await page.locator('.layer-choices').getByRole('button', { name: '社区', exact: true }).click();
  await communities;
  await expectDrawn(page, 'choropleth-community');
  await expect(page.locator('.layer-choices').getByRole('button', { name: '街道', exact: true })).toHaveCount(0);
});

test('hot spots follow the filter, and a link reopens them', async ({ page }) => {
  await open(page, '#lang=zh&layers=streets,cells,choropleth&shading=hotspots&measure=rate');
  await expect(page.getByRole('button', { name: '热点', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('[data-legend=hotspots]')).toContainText('每百户');
  const asked = page.waitForRequest((r) => r.url().includes('/api/hotspots') && r.url().includes('status=open'));
  await page.getByRole('button', { name: '待处理' }).click();
  await asked;
  await idle(page);
});

test('where all areas are alike it says that there are none', async ({ page }) => {
  await open(page, '#lang=zh&layers=streets,cells,choropleth&shading=hotspots&time=1990-01-01..1990-01-31');
  await expect(page.locator('[data-legend=hotspots]')).toContainText('看不出热点');
  await expect(page.locator('[data-legend=hotspots] li')).toHaveCount(0);
});

test('unless the map shows them they are not asked for', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => {
    if (r.url().includes('/api/hotspots')) asked.push(r.url());
  });
  await open(page, '#lang=zh&layers=streets,cells&shading=hotspots');
  expect(asked).toEqual([]);
});

test.describe('at phone width', () => {
  test.use({ viewport: PHONE });

  test('the legend and the choices fit', async ({ page }) => {
    await open(page, '#lang=en&layers=streets,cells,choropleth&shading=hotspots');
    await page.getByRole('button', { name: 'Layers', exact: true }).click();
    await expect(page.locator('.sheet [data-legend=hotspots] li')).toHaveCount(7);
    const wide = await page.evaluate(() => {
      const body = document.querySelector('.sheet .panel-body');
      return body ? body.scrollWidth - body.clientWidth : -1;
    });
    expect(wide).toBe(0);
  });
});
