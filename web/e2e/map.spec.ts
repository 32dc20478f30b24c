import type { Counts, StreetInfo } from '../src/api/types';
import { ask, busiestCell, drawn, expect, expectDrawn, expectNotDrawn, idle, info, open, test } from './app';

/** Levels that some boundary separates: a small sample has one community alone. */
const levelsApart = (streets: StreetInfo[]) =>
  streets.some(({ communities }) => communities > 1) ? ['street', 'community', 'cell'] : ['street', 'cell'];

const HAN = /\p{Script=Han}/u;

test('draws the three levels, each boundary with the coarsest level it separates', async ({ page, request }) => {
  const { streets } = await info(request);
  await open(page, '#lang=zh');
  await expectDrawn(page, 'street-fill');
  await expectDrawn(page, 'community-fill');
  expect((await drawn(page, 'street-fill')).map((f) => f.code)).toContain(streets[0]?.code);
  const { map } = await busiestCell(request);
  await open(page, `#${map(14)}`);
  for (const level of levelsApart(streets)) {
    const edges = await drawn(page, `edge-${level}`);
    expect(edges.length, level).toBeGreaterThan(0);
    expect(new Set(edges.map((f) => f.level))).toEqual(new Set([level]));
  }
});

test('labels areas in Chinese with the app’s own font', async ({ page, request }) => {
  const { map } = await busiestCell(request);
  const fonts: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes('.woff2')) fonts.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  await open(page, `#${map(14.6)}`);
  await expectDrawn(page, 'label-cell', 2);
  const labels = await drawn(page, 'label-cell', 'label-community');
  expect(labels.some((f) => HAN.test(String(f.name)))).toBe(true);
  expect(fonts.some((line) => line.startsWith('200 /assets/noto-sans-sc'))).toBe(true);
});

test('a street is named until its communities are', async ({ page, request }) => {
  const { map } = await busiestCell(request);
  for (const [zoom, layer] of [
    [11.7, 'label-street'],
    [12.1, 'label-community'],
  ] as const) {
    await open(page, `#lang=zh&${map(zoom)}&layers=streets,communities,cells,labels`);
    await expectDrawn(page, layer);
  }
});

test('draws the base map, groups and households near the ground', async ({ page, request }) => {
  const { map } = await busiestCell(request);
  await open(page, `#${map(16)}`);
  await expectDrawn(page, 'buildings', 5);
  const roads = await drawn(page, 'road-minor', 'road-medium', 'road-major', 'road-path');
  expect(roads.length).toBeGreaterThan(0);
  await expectDrawn(page, 'group-fill', 2);
  await expectDrawn(page, 'households', 10);
  const heads = (await drawn(page, 'households')).filter((f) => f.is_head === true);
  expect(heads.length).toBeGreaterThan(0);
});

test('draws water and rail where the sample has them', async ({ page }) => {
  await open(page);
  const water = await drawn(page, 'water', 'river');
  expect(water.length).toBeGreaterThan(0);
});

test('bins issues far out, shows single ones near', async ({ page, request }) => {
  const cell = await busiestCell(request);
  await open(page, `#${cell.map(12.5)}`);
  await expectDrawn(page, 'issue-bins');
  const bins = await drawn(page, 'issue-bins');
  expect(bins.every((f) => Number(f.weight) >= 1)).toBe(true);
  expect(bins.some((f) => Number(f.weight) > 1)).toBe(true);
  await open(page, `#${cell.map(15)}`);
  await expectDrawn(page, 'issue-points');
  expect((await drawn(page, 'issue-points')).every((f) => typeof f.id === 'string')).toBe(true);
});

test('the layer switch takes layers off and on', async ({ page, request }) => {
  const { map } = await busiestCell(request);
  await open(page, `#${map(15)}&lang=zh`);
  await expectDrawn(page, 'issue-points');
  await page.getByRole('checkbox', { name: '事件点' }).uncheck({ force: true });
  await expectNotDrawn(page, 'issue-points');
  await page.getByRole('checkbox', { name: '建筑' }).uncheck({ force: true });
  await expectNotDrawn(page, 'buildings');
  expect(page.url()).toContain('layers=');
  expect(page.url()).not.toContain('buildings');
  await page.getByRole('checkbox', { name: '建筑' }).check({ force: true });
  await expectDrawn(page, 'buildings');
});

test('without communities, what separated them still closes the cells', async ({ page, request }) => {
  const { map } = await busiestCell(request);
  await open(page, `#${map(13.5)}&layers=cells`);
  const { streets } = await info(request);
  const levels = new Set((await drawn(page, 'edge-cell')).map((f) => f.level));
  expect(levels).toEqual(new Set(levelsApart(streets)));
});

test('the heatmap takes binned weights', async ({ page }) => {
  await open(page, '#layers=streets,heat');
  const weights = await page.evaluate(() =>
    window.wangge?.map.querySourceFeatures('heat', { sourceLayer: 'heat' }).map((f) => Number(f.properties.weight)),
  );
  expect(weights?.length).toBeGreaterThan(5);
  expect(await page.evaluate(() => window.wangge?.map.getLayoutProperty('heat', 'visibility'))).not.toBe('none');
});

test('the choropleth colours every cell by the classes its legend names', async ({ page, request }) => {
  const counts = await ask<Counts>(request, '/api/counts?level=cell');
  await open(page, '#lang=zh&layers=streets,cells,choropleth');
  await expectDrawn(page, 'choropleth-cell');
  const legend = page.locator('[data-legend=choropleth] li');
  const positive = counts.breaks.filter((limit) => limit > 0);
  await expect(legend).toHaveCount(positive.length + 1);
  await expect(legend.last()).toHaveText(`≥ ${positive.at(-1)?.toLocaleString('zh-CN')}`);
  const colours = await page.evaluate(() =>
    JSON.stringify(window.wangge?.map.getPaintProperty('choropleth-cell', 'fill-color')),
  );
  for (const { code } of counts.counts) expect(colours).toContain(code);

  await page.getByRole('button', { name: '社区', exact: true }).click();
  await expectDrawn(page, 'choropleth-community');
  await page.getByRole('button', { name: '每百户' }).click();
  await expect(page.locator('[data-legend=choropleth] h3')).toHaveText('每百户事件数 · 按社区');
  await idle(page);
});
