/** Search with suggestions: a combobox as the ARIA practices describe it. */
import { useEffect, useRef } from 'preact/hooks';
import type { Hit } from '../api/types';
import { type Key, t } from '../i18n';
import { CRS_CHOICES } from '../state/coordinates';
import { active, choose, clear, crs, followTyping, found, hits, onKey, open, text, typed } from '../state/search';
import { AreaIcon, BuildingIcon, CloseIcon, PinIcon, RoadIcon, SearchIcon } from './icons';

const KIND_ICON = {
  street: AreaIcon,
  community: AreaIcon,
  cell: AreaIcon,
  group: AreaIcon,
  building: BuildingIcon,
  road: RoadIcon,
  coordinates: PinIcon,
} as const satisfies Record<Hit['kind'], () => unknown>;

const kindKey = (kind: Hit['kind']): Key =>
  kind === 'building' || kind === 'road' || kind === 'coordinates' ? `kind.${kind}` : `level.${kind}`;

const optionId = (index: number) => `search-hit-${index}`;

export function SearchBox() {
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(followTyping, []);
  useEffect(() => {
    const onSlash = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    const onOutside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) open.value = false;
    };
    addEventListener('keydown', onSlash);
    addEventListener('pointerdown', onOutside);
    addEventListener('focusin', onOutside);
    return () => {
      removeEventListener('keydown', onSlash);
      removeEventListener('pointerdown', onOutside);
      removeEventListener('focusin', onOutside);
    };
  }, []);

  const shown = open.value && text.value.trim() !== '' && (found.value.data !== null || found.value.error !== null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not known to every browser this runs on.
    <div class="search" role="search" ref={box}>
      <div class="search-field">
        <SearchIcon />
        <input
          ref={input}
          class="search-input"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          aria-label={t('search.label')}
          aria-expanded={shown}
          aria-controls="search-hits"
          aria-autocomplete="list"
          aria-activedescendant={shown && active.value >= 0 ? optionId(active.value) : undefined}
          placeholder={t('search.placeholder')}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            open.value = true;
          }}
          onFocus={() => {
            open.value = true;
          }}
          onKeyDown={(event) => {
            if (event.isComposing || !onKey(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {text.value ? (
          <button type="button" class="icon-button quiet" aria-label={t('search.clear')} onClick={clear}>
            <CloseIcon />
          </button>
        ) : (
          <span class="search-key" aria-hidden="true">
            /
          </span>
        )}
        <select
          class="search-crs"
          aria-label={t('search.crs')}
          title={t('search.crs')}
          value={crs.value}
          onChange={(event) => {
            crs.value = event.currentTarget.value;
            open.value = true;
          }}
        >
          {CRS_CHOICES.map(({ id }) => (
            <option key={id} value={id}>
              {t(`crs.${id}` as Key)}
            </option>
          ))}
        </select>
      </div>
      <div class="search-drop" hidden={!shown}>
        <SearchNote />
        <div id="search-hits" role="listbox" aria-label={t('search.results')}>
          {hits.value.map((hit, index) => (
            <HitRow key={`${hit.kind}${hit.code}${index}`} hit={hit} index={index} />
          ))}
        </div>
      </div>
    </div>
  );
}

function HitRow({ hit, index }: { hit: Hit; index: number }) {
  const Icon = KIND_ICON[hit.kind];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox's input holds the focus and handles the keys.
    <div
      id={optionId(index)}
      class="search-hit"
      role="option"
      tabIndex={-1}
      aria-selected={active.value === index}
      onPointerDown={(event) => event.preventDefault()}
      onPointerMove={() => {
        active.value = index;
      }}
      onClick={() => choose(hit)}
    >
      <Icon />
      <span class="search-hit-text">
        <span class="search-hit-name">{hit.name || hit.code}</span>
        <span class="search-hit-context">
          {[hit.name && hit.code !== hit.name ? hit.code : null, hit.context].filter(Boolean).join(' · ')}
        </span>
      </span>
      <span class="chip">{t(kindKey(hit.kind))}</span>
    </div>
  );
}

function SearchNote() {
  const { error, loading, data } = found.value;
  if (typed.value?.swapped) return <p class="search-note">{t('search.swapped')}</p>;
  if (error) {
    return <p class="search-note">{t(error.code === 'bad_coordinate' ? 'search.badcoordinate' : 'search.failed')}</p>;
  }
  if (!loading && data?.hits.length === 0)
    return <p class="search-note">{t('search.none', { q: text.value.trim() })}</p>;
  return null;
}
