/** Where everything lies: panels beside the map on a desk, sheets below it on a phone. */
import { useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Key, lang, locale, t } from '../i18n';
import { deskAt, selection } from '../state/app';
import { followData, info } from '../state/data';
import { desk } from '../state/deskRoom';
import { isDark, isNarrow, type PanelName, sheet } from '../state/screen';
import { DetailCard } from './DetailCard';
import { FilterPanel } from './FilterPanel';
import {
  BackIcon,
  ChevronIcon,
  CloseIcon,
  FilterIcon,
  LayersIcon,
  LogoMark,
  OverviewIcon,
  SettingsIcon,
} from './icons';
import { LayerPanel } from './LayerPanel';
import { Legend } from './Legend';
import { Attribution, MapControls } from './MapControls';
import { MapView } from './MapView';
import { Announcer, Banners, EmptyState } from './Notices';
import { Overview } from './Overview';
import { SearchBox } from './SearchBox';
import { AsOfPicker, CopyLink, EnterDesk, LanguageSwitch, SettingsPanel, ThemeSwitch } from './Toolbar';

function deselect() {
  selection.value = null;
}

export function App() {
  useEffect(followData, []);
  useSignalEffect(() => {
    document.documentElement.lang = locale();
    document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
    document.title = t('app.title');
  });
  useEffect(() => {
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || deskAt.value) return;
      if (selection.value) deselect();
      else sheet.value = null;
    };
    addEventListener('keydown', onEscape);
    return () => removeEventListener('keydown', onEscape);
  }, []);
  const planning = deskAt.value ? desk.value : null;
  return (
    <div class={deskAt.value ? 'app desk' : 'app'} data-lang={lang.value}>
      {planning ? <planning.DeskBar /> : isNarrow.value ? <PhoneHeader /> : <WideHeader />}
      <main class="main">
        {planning ? <planning.DeskStage /> : isNarrow.value ? <PhonePanels /> : <WidePanels />}
        <MapControls />
        <MapView />
        <Attribution />
        <EmptyState />
      </main>
      <Banners />
      <Announcer />
    </div>
  );
}

function Brand() {
  return (
    <div class="brand">
      <LogoMark />
      <h1>{t('app.name')}</h1>
      {info.value.data?.synthetic && (
        <span class="badge" title={t('badge.synthetic.hint')}>
          {t('badge.synthetic')}
        </span>
      )}
    </div>
  );
}

function WideHeader() {
  return (
    <header class="topbar">
      <Brand />
      <SearchBox />
      <div class="toolbar" role="toolbar" aria-label={t('toolbar.label')}>
        <EnterDesk />
        <AsOfPicker />
        <ThemeSwitch />
        <LanguageSwitch />
        <CopyLink />
      </div>
    </header>
  );
}

function PhoneHeader() {
  return (
    <header class="topbar narrow">
      <h1 class="visually-hidden">{t('app.name')}</h1>
      <LogoMark />
      <SearchBox />
    </header>
  );
}

function WidePanels() {
  const selected = selection.value !== null;
  // Nothing to look at yet: the empty state has the stage to itself.
  if (info.value.data?.streets.length === 0) return null;
  return (
    <>
      <aside class="column left" aria-label={t(selected ? 'detail.title' : 'overview.title')}>
        <div class="panel">
          {selected ? (
            <PanelHead heading="detail.title" onBack={deselect} />
          ) : (
            <header class="panel-head">
              <h2>{t('overview.title')}</h2>
            </header>
          )}
          <div class="panel-body">{selected ? <DetailCard /> : <Overview />}</div>
        </div>
        <div class="legend-dock">
          <Legend />
        </div>
      </aside>
      <aside class="column right" aria-label={t('layers.title')}>
        <Section heading="layers.title">
          <LayerPanel />
        </Section>
        <Section heading="filters.title">
          <FilterPanel />
        </Section>
      </aside>
    </>
  );
}

function PanelHead({ heading, onBack }: { heading: Key; onBack: () => void }) {
  return (
    <header class="panel-head">
      <button
        type="button"
        class="icon-button quiet"
        aria-label={t('detail.back')}
        title={t('detail.back')}
        onClick={onBack}
      >
        <BackIcon />
      </button>
      <h2>{t(heading)}</h2>
      <button
        type="button"
        class="icon-button quiet"
        aria-label={t('panel.close')}
        title={t('panel.close')}
        onClick={onBack}
      >
        <CloseIcon />
      </button>
    </header>
  );
}

function Section({ heading, children }: { heading: Key; children: ComponentChildren }) {
  return (
    <details class="panel" open>
      <summary class="panel-head">
        <h2>{t(heading)}</h2>
        <ChevronIcon />
      </summary>
      <div class="panel-body">{children}</div>
    </details>
  );
}

const TABS: [PanelName, () => ComponentChildren][] = [
  ['overview', OverviewIcon],
  ['layers', LayersIcon],
  ['filters', FilterIcon],
  ['settings', SettingsIcon],
];

function PhonePanels() {
  const selected = selection.value !== null;
  const open = selected ? null : sheet.value;
  return (
    <>
      {selected && (
        <Sheet heading="detail.title" onClose={deselect}>
          <DetailCard />
        </Sheet>
      )}
      {open && (
        <Sheet
          heading={`tab.${open}`}
          onClose={() => {
            sheet.value = null;
          }}
        >
          {open === 'overview' && <Overview />}
          {open === 'layers' && (
            <>
              <Legend />
              <LayerPanel />
            </>
          )}
          {open === 'filters' && <FilterPanel />}
          {open === 'settings' && <SettingsPanel />}
        </Sheet>
      )}
      <nav class="tabbar" aria-label={t('tab.label')}>
        {TABS.map(([name, Icon]) => (
          <button
            key={name}
            type="button"
            aria-pressed={open === name}
            onClick={() => {
              selection.value = null;
              sheet.value = open === name ? null : name;
            }}
          >
            <Icon />
            {t(`tab.${name}`)}
          </button>
        ))}
      </nav>
    </>
  );
}

function Sheet({ heading, onClose, children }: { heading: Key; onClose: () => void; children: ComponentChildren }) {
  return (
    <section class="sheet" aria-label={t(heading)}>
      <header class="panel-head">
        <h2>{t(heading)}</h2>
        <button type="button" class="icon-button quiet" aria-label={t('panel.close')} onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <div class="panel-body" tabIndex={0}>
        {children}
      </div>
    </section>
  );
}
