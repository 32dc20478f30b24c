/** Small parts that several panels are made of. */
import type { ComponentChildren } from 'preact';
import { formatNumber, t } from '../i18n';
import { copyText } from '../state/app';
import { CopyIcon } from './icons';

export function Stat({ label, value, of }: { label: string; value: number | string | null; of?: string | undefined }) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>
        {value === null ? '—' : typeof value === 'number' ? formatNumber(value) : value}
        {of && <small> {of}</small>}
      </dd>
    </div>
  );
}

export function EstimatedBadge() {
  return (
    <span class="badge warn" title={t('badge.estimated.hint')}>
      {t('badge.estimated')}
    </span>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  return (
    <button
      type="button"
      class="icon-button quiet small"
      aria-label={label}
      title={label}
      onClick={() => void copyText(text, t('detail.copied', { text }))}
    >
      <CopyIcon />
    </button>
  );
}

/**
 * A day. Browsers write dates in their own language's order, whatever the page's: until it is edited, the field shows the day as the
 * rest of the app does, or its own name when empty.
 */
export function DateField(props: {
  label: string;
  title?: string;
  value: string | null;
  min?: string | null;
  max?: string | null;
  onChange: (day: string | null) => void;
}) {
  return (
    <span class={props.value ? 'date-field' : 'date-field unset'} data-text={props.value ?? props.label}>
      <input
        type="date"
        aria-label={props.label}
        title={props.title}
        value={props.value ?? ''}
        min={props.min ?? undefined}
        max={props.max ?? undefined}
        onChange={(event) => props.onChange(event.currentTarget.value || null)}
      />
    </span>
  );
}

/** One of a few, as buttons in a row. */
export function Segmented<T extends string>(props: {
  label: string;
  choices: readonly T[];
  value: T;
  text: (choice: T) => ComponentChildren;
  onChoose: (choice: T) => void;
}) {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{props.label}</legend>
      {props.choices.map((choice) => (
        <button key={choice} type="button" aria-pressed={choice === props.value} onClick={() => props.onChoose(choice)}>
          {props.text(choice)}
        </button>
      ))}
    </fieldset>
  );
}

/** A choice that is on or off, as a small button. */
export function Toggle(props: {
  on: boolean;
  onToggle: () => void;
  colour?: string | undefined;
  count?: number | undefined;
  children: ComponentChildren;
}) {
  return (
    <button type="button" class="toggle" aria-pressed={props.on} onClick={props.onToggle}>
      {props.colour && <Swatch colour={props.colour} round />}
      {props.children}
      {props.count !== undefined && <small>{formatNumber(props.count)}</small>}
    </button>
  );
}

/** `opacity` as the map draws the colour, so that the legend shows what is seen. */
export function Swatch({ colour, round, opacity }: { colour: string; round?: boolean; opacity?: number }) {
  return (
    <span
      class={round ? 'swatch round' : 'swatch'}
      style={{ background: colour, opacity: opacity ?? 1 }}
      aria-hidden="true"
    />
  );
}
