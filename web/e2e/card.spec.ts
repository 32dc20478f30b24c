import type { Location } from '../src/api/types';
import { AREAS_ONLY, ask, busiestCell, clickAt, drawn, expect, expectDrawn, idle, open, test } from './app';

test('a click says whose the place is', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(15)}&${AREAS_ONLY}`);
  await clickAt(page, cell.lon, cell.lat);
  const card = page.getByTestId('detail');
  await expect(card.getByRole('heading', { level: 2 })).toHaveText(cell.area.name || cell.area.code);
  await expect(card.locator('.detail-code code')).toHaveText(cell.area.code);
  await expect(card.locator('.stat', { hasText: '户数' }).first()).toContainText(
    cell.area.households.toLocaleString('zh-CN'),
  );
  await expect(card.locator('.stat', { hasText: '事件' })).toContainText(
    cell.area.issues.total.toLocaleString('zh-CN'),
  );

  const at = await page.evaluate(() =>
    location.hash
      .match(/sel=point:([-\d.]+),([-\d.]+)/)
      ?.slice(1)
      .map(Number),
  );
  const answer = await ask<Location>(request, `/api/locate?lon=${at?.[0]}&lat=${at?.[1]}`);
  const place = page.getByTestId('place');
  await expect(place).toContainText(answer.place?.cell_code ?? '-');
  await expect(place).toContainText(answer.place?.group_code ?? '本网格没有住户');
  const metres = answer.place?.border_distance_m ?? -1;
  const shown = (await page.getByTestId('border-distance').textContent()) ?? '';
  expect(Math.abs(Number.parseFloat(shown.replace(',', '')) - metres)).toBeLessThanOrEqual(0.5);
  if (answer.place?.beyond_cell_code) await expect(place).toContainText(answer.place.beyond_cell_code);
  await expect.poll(async () => (await drawn(page, 'selected-cells')).map((f) => f.code)).toContain(cell.area.code);
});

test('a click on an issue shows it, with its place', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(17)}&layers=streets,cells,issues`);
  await expectDrawn(page, 'issue-points');
  const issue = await page.evaluate(() => {
    const map = window.wangge?.map;
    const { clientWidth: w, clientHeight: h } = map?.getContainer() ?? { clientWidth: 0, clientHeight: 0 };
    const inView = map?.queryRenderedFeatures(
      [
        [w * 0.35, h * 0.2],
        [w * 0.65, h * 0.8],
      ],
      { layers: ['issue-points'] },
    );
    const feature = inView?.[0];
    const [lon, lat] = feature?.geometry.type === 'Point' ? (feature.geometry.coordinates as [number, number]) : [0, 0];
    return { lon, lat };
  });
  await clickAt(page, issue.lon, issue.lat);
  await expect(page).toHaveURL(/sel=issue:/);
  const card = page.getByTestId('detail');
  const id = decodeURIComponent(/sel=issue:([^&]+)/.exec(page.url())?.[1] ?? '');
  const answer = await ask<{ category: string; location: Location }>(request, `/api/issues/${encodeURIComponent(id)}`);
  await expect(card).toContainText(id);
  await expect(card).toContainText(answer.category);
  await expect(page.getByTestId('place')).toContainText(answer.location.place?.cell_code ?? '此处不在任何街道范围内');
});

test('a click on a building in a group shows both', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(17)}&layers=buildings,streets,cells,groups`);
  await expectDrawn(page, 'group-fill');
  const spot = await page.evaluate(() => {
    const map = window.wangge?.map;
    const { clientWidth: w, clientHeight: h } = map?.getContainer() ?? { clientWidth: 0, clientHeight: 0 };
    for (let y = h * 0.2; y < h * 0.8; y += 4) {
      for (let x = w * 0.3; x < w * 0.7; x += 4) {
        // Well inside both, so that half a pixel does not matter.
        const inside = ['buildings', 'group-fill'].every((layer) =>
          [
            [0, 0],
            [-3, -3],
            [3, -3],
            [-3, 3],
            [3, 3],
          ].every(([dx = 0, dy = 0]) => map?.queryRenderedFeatures([x + dx, y + dy], { layers: [layer] }).length),
        );
        if (inside) return { x, y };
      }
    }
    return null;
  });
  expect(spot).not.toBeNull();
  const box = await page.locator('.map').boundingBox();
  await page.mouse.click((box?.x ?? 0) + (spot?.x ?? 0), (box?.y ?? 0) + (spot?.y ?? 0));
  await expect(page.getByRole('heading', { name: '所在建筑' })).toBeVisible();
  await expect(page.getByTestId('detail').locator('.detail-head .chip').first()).toHaveText('十联户');
});

test('outside every street it says so', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(13)}&sel=point:${cell.lon + 2},${cell.lat}`);
  await expect(page.getByTestId('place')).toContainText('此处不在任何街道范围内');
});

test('the way up, the code to copy, and back', async ({ page, request, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { area } = await busiestCell(request);
  await open(page, `#lang=zh&sel=area:${area.code}`);
  await page.getByRole('button', { name: `复制编码 ${area.code}` }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(area.code);
  await expect(page.getByTestId('live')).toHaveText(`已复制 ${area.code}`);
  const [community] = area.parents.slice(-1);
  await page.locator('.crumb').last().click();
  await expect(page.locator('.detail-code code')).toHaveText(community?.[0] ?? '');
  await expect(page).toHaveURL(new RegExp(`sel=area:${community?.[0]}`));
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('detail')).toHaveCount(0);
  await expect(page.getByTestId('issue-summary')).toBeVisible();
});

test('by keyboard: Enter on the map identifies its centre', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(15)}&${AREAS_ONLY}`);
  await page.locator('.maplibregl-canvas').focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.detail-code code')).toHaveText(cell.area.code);
  await idle(page);
});

test('a click among the bins of a wide view opens the card and leaves the map where it is', async ({
  page,
  request,
}) => {
  // Below zoom 14 issues are binned; how far out the whole sample is depends on its size.
  const { map: wide } = await busiestCell(request);
  await open(page, `#lang=zh&${wide(13)}`);
  await expectDrawn(page, 'issue-bins');
  // Bins cover the map here; a click on one asks whose the place is, like any other.
  const at = await page.evaluate(() => {
    const map = window.wangge?.map;
    const bins = map?.queryRenderedFeatures({ layers: ['issue-bins'] }) ?? [];
    const most = bins.sort((a, b) => Number(b.properties.weight) - Number(a.properties.weight))[0];
    const point = most?.geometry.type === 'Point' ? (most.geometry.coordinates as [number, number]) : [0, 0];
    return { lon: point[0] ?? 0, lat: point[1] ?? 0, zoom: map?.getZoom() };
  });
  await clickAt(page, at.lon, at.lat);
  await expect(page.getByTestId('place')).toBeVisible({ timeout: 5_000 });
  await idle(page);
  expect(await page.evaluate(() => window.wangge?.map.getZoom())).toBe(at.zoom);
});

test('where groups lie one upon another, the card and the place name the same one', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#lang=zh&${cell.map(17)}&layers=buildings,streets,cells,groups`);
  await expectDrawn(page, 'group-fill');
  const [lon, lat, code] = await page.evaluate(() => {
    const map = window.wangge?.map;
    const { clientWidth: w, clientHeight: h } = map?.getContainer() ?? { clientWidth: 0, clientHeight: 0 };
    for (let y = h * 0.2; y < h * 0.8; y += 4) {
      for (let x = w * 0.3; x < w * 0.7; x += 4) {
        const codes = new Set(
          map?.queryRenderedFeatures([x, y], { layers: ['group-fill'] }).map((f) => f.properties.code),
        );
        const at = map?.unproject([x, y]);
        if (codes.size > 1 && at) return [at.lng, at.lat, String([...codes][0])];
      }
    }
    return [0, 0, ''];
  });
  expect(code, 'two groups whose hulls overlap').toBeTruthy();
  const { place } = await ask<Location>(request, `/api/locate?lon=${lon}&lat=${lat}`);
  // A link as a click on either group makes it.
  await open(page, `#lang=zh&map=17.01/${lat}/${lon}&sel=point:${lon},${lat},${code}`);
  await expect(page.locator('.detail-code code')).toHaveText(place?.group_code ?? '-');
});
