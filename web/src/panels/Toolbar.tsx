/** How the app is looked at: the day, the language, the theme, the link. */
import { lang, t } from '../i18n';
import { asOf, copyText, deskAt, theme, today } from '../state/app';
import { detail, info } from '../state/data';
import type { Theme } from '../state/view';
import { AutoIcon, DeskIcon, LinkIcon, MoonIcon, SunIcon } from './icons';
import { DateField, Segmented } from './parts';

const THEME_ICON = { auto: AutoIcon, light: SunIcon, dark: MoonIcon } as const;
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

export function AsOfPicker() {
  return (
    <div class={asOf.value ? 'as-of other-day' : 'as-of'}>
      <span class="as-of-name" aria-hidden="true">
        {t('toolbar.asof')}
      </span>
      <DateField
        label={t('toolbar.asof')}
        title={t('toolbar.asof.hint')}
        value={asOf.value ?? today.value}
        onChange={(day) => {
          asOf.value = day === today.value ? null : day;
        }}
      />
      {asOf.value && (
        <button
          type="button"
          class="text-button"
          onClick={() => {
            asOf.value = null;
          }}
        >
          {t('toolbar.today')}
        </button>
      )}
    </div>
  );
}

export function LanguageSwitch() {
  const next = lang.value === 'zh' ? 'en' : 'zh';
  return (
    <button
      type="button"
      class="button"
      lang={next === 'zh' ? 'zh-CN' : 'en'}
      title={t('toolbar.lang.hint')}
      data-testid="language"
      onClick={() => {
        lang.value = next;
      }}
    >
      {t('toolbar.lang')}
    </button>
  );
}

export function ThemeSwitch() {
  return (
    <Segmented
      label={t('toolbar.theme')}
      choices={THEMES}
      value={theme.value}
      text={(choice) => {
        const Icon = THEME_ICON[choice];
        return (
          <>
            <Icon />
            <span class="visually-hidden">{t(`toolbar.theme.${choice}`)}</span>
          </>
        );
      }}
      onChoose={(choice) => {
        theme.value = choice;
      }}
    />
  );
}

export function CopyLink() {
  return (
    <button
      type="button"
      class="button copy-link"
      title={t('toolbar.copy')}
      onClick={() => void copyText(location.href, t('toolbar.copied'))}
    >
      <LinkIcon />
      <span>{t('toolbar.copy')}</span>
    </button>
  );
}

/** To the planner's desk, at the street looked at. */
export function EnterDesk() {
  const streets = info.value.data?.streets ?? [];
  const seen = detail.value.data?.area?.code;
  const street = streets.find(({ code }) => seen?.startsWith(code)) ?? streets[0];
  if (!street) return null;
  return (
    <button
      type="button"
      class="button enter-desk"
      aria-label={t('desk.enter')}
      title={t('desk.enter.hint')}
      onClick={() => {
        deskAt.value = { street: street.code, plan: null };
      }}
    >
      <DeskIcon />
      <span>{t('desk.enter')}</span>
    </button>
  );
}

export function SettingsPanel() {
  return (
    <div class="settings">
      <EnterDesk />
      <AsOfPicker />
      <div class="settings-row">
        <span>{t('toolbar.theme')}</span>
        <ThemeSwitch />
      </div>
      <div class="settings-row">
        <LanguageSwitch />
        <CopyLink />
      </div>
    </div>
  );
}
