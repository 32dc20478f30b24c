/** The desk and its dialogs for everybody: axe in every size, light and dark, Chinese and English. */
import { expect, findings, PHONE, test } from './app';
import { openDesk, Street, state } from './desk';

const SIZES = { desk: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 }, phone: PHONE };
/** Colours are the theme's, names the language's: the two together show both. */
const LOOKS = [
  {
    theme: 'light',
    lang: 'zh',
    words: {
      plans: '方案',
      planning: '自动编制',
      compare: '对比',
      publish: '发布',
      help: '操作与快捷键',
      more: '更多',
      history: '历史',
    },
  },
  {
    theme: 'dark',
    lang: 'en',
    words: {
      plans: 'Plans',
      planning: 'Plan for me',
      compare: 'Compare',
      publish: 'Publish',
      help: 'Help and shortcuts',
      more: 'More',
      history: 'History',
    },
  },
] as const;

let street: Street;
test.beforeEach(async ({ request }) => {
  street = await Street.first(request);
});
test.afterEach(() => street.clear());

for (const [size, viewport] of Object.entries(SIZES)) {
  test.describe(`on a ${size}`, () => {
    test.use({ viewport });
    for (const { theme, lang, words } of LOOKS) {
      test(`axe finds nothing serious at the desk, ${theme}, ${lang}`, async ({ page }) => {
        const { id } = await street.draft('axe');
        const { cells } = await street.desk(id);
        const [cell] = cells;
        if (!cell) throw new Error('no cell');
        await street.edit(id, { op: 'halve', cell: cell.code }, { op: 'lock', codes: [cells[1]?.code] });
        await openDesk(page, street.code, null, `lang=${lang}&theme=${theme}`);
        await expect(page.getByTestId('plans')).toBeVisible();
        expect(await findings(page), 'choice of a plan').toEqual([]);
        await openDesk(page, street.code, id, `lang=${lang}&theme=${theme}`);
        expect(await findings(page), 'desk').toEqual([]);

        await page.locator(`.desk-table tr[data-code="${cell.code}"]`).click();
        await page.keyboard.press('1');
        await page.keyboard.press('b');
        expect((await state(page)).tool).toBe('brush');
        expect(await findings(page), 'cell and tool').toEqual([]);
        await page.keyboard.press('v');

        const tab = (name: string) => page.locator('.desk-tabs').getByRole('button', { name, exact: true });
        await tab(words.history).click();
        await expect(page.getByTestId('history')).toBeVisible();
        expect(await findings(page), 'history').toEqual([]);
        for (const name of ['plans', 'planning', 'compare', 'publish', 'help'] as const) {
          if (size === 'phone' && name !== 'plans') await tab(words.more).click();
          await page.getByRole('button', { name: words[name], exact: true }).first().click();
          const dialog = page.getByRole('dialog');
          await expect(dialog).toBeVisible();
          if (name === 'publish') await expect(dialog.getByTestId('preview')).toBeVisible();
          if (name === 'plans') await expect(dialog.locator('[data-plan]').first()).toBeVisible();
          if (name === 'compare') await expect(dialog.getByRole('slider')).toBeVisible();
          expect(await findings(page), name).toEqual([]);
          await page.keyboard.press('Escape');
          await expect(dialog).toHaveCount(0);
        }
      });
    }
  });
}
