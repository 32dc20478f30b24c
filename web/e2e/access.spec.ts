import { busiestCell, expect, findings, hits, open, PHONE, test } from './app';

for (const theme of ['light', 'dark']) {
  test(`axe finds nothing serious, ${theme}`, async ({ page, request }) => {
    const { area, lon, lat, map } = await busiestCell(request);
    await open(page, `#lang=zh&theme=${theme}&layers=streets,cells,issues,heat,choropleth`);
    expect(await findings(page)).toEqual([]);
    for (const shading of ['hotspots', 'totals']) {
      await open(
        page,
        `#lang=zh&theme=${theme}&layers=streets,cells,choropleth&shading=${shading}&time=90d&compare=previous&sel=area:${area.code}`,
      );
      await expect(page.getByTestId('comparison')).toBeVisible();
      await expect(page.locator(`[data-legend=${shading === 'hotspots' ? 'hotspots' : 'change'}]`)).toBeVisible();
      expect(await findings(page), shading).toEqual([]);
    }
    await page.locator('.search-input').fill('社区');
    await expect(hits(page).first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    expect(await findings(page)).toEqual([]);
    await page.goto(`/#lang=en&theme=${theme}&${map(15)}&sel=point:${lon},${lat}&as-of=1999-01-01`);
    await expect(page.getByTestId('place')).toBeVisible();
    expect(await findings(page)).toEqual([]);
  });

  test.describe(`on a phone, ${theme}`, () => {
    test.use({ viewport: PHONE });
    test('axe finds nothing serious', async ({ page }) => {
      await open(page, `#lang=zh&theme=${theme}`);
      for (const name of ['概览', '图层', '筛选', '设置']) {
        await page.getByRole('button', { name, exact: true }).click();
        expect(await findings(page), name).toEqual([]);
      }
    });
  });
}

test('axe finds nothing serious when things go wrong', async ({ page }) => {
  await page.route('**/api/**', (route) => route.abort());
  await page.goto('/#lang=zh');
  await expect(page.getByRole('alert')).toBeVisible();
  expect(await findings(page)).toEqual([]);
});

test('every control is reached by Tab and shows the focus', async ({ page }) => {
  await open(page, '#lang=zh&theme=light');
  const controls = await page
    .locator('button:not([disabled]):visible, select:visible, input:visible, summary:visible')
    .count();
  const seen = new Set<string>();
  const dim: string[] = [];
  for (let i = 0; i < controls + 60; i += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      if (!element || element === document.body) return null;
      const all = [...document.querySelectorAll('button, select, input, summary, canvas')];
      const marks = [element, element.nextElementSibling, element.closest('.search-field')].map((e) => {
        const style = e && getComputedStyle(e);
        return !!style && (style.outlineStyle !== 'none' || style.boxShadow.includes('0px 0px 0px 1px'));
      });
      return { index: all.indexOf(element), name: element.outerHTML.slice(0, 120), visible: marks.some(Boolean) };
    });
    if (!at) break;
    seen.add(String(at.index));
    if (!at.visible) dim.push(at.name);
  }
  expect(dim).toEqual([]);
  expect(seen.size).toBeGreaterThanOrEqual(controls);
});
