/** A dialog over everything: holds the keyboard, closes by Escape, and gives the focus back. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../../i18n';
import { CloseIcon, WarningIcon } from '../../panels/icons';

const FOCUSABLE =
  'button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, a[href], [tabindex="0"]';

export type DialogSize = 'small' | 'wide' | 'full';

export function Dialog(props: {
  title: ComponentChildren;
  size?: DialogSize;
  onClose: () => void;
  /** Buttons at the foot, which stays in sight. */
  actions?: ComponentChildren;
  /** Said to screen readers when it changes; what lies behind the dialog is not heard. */
  status?: string;
  children: ComponentChildren;
}) {
  const { title, size = 'small', onClose, actions, status = '', children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    (element?.querySelector<HTMLElement>('[data-autofocus]') ?? element)?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  // A button that is disabled or goes by what it does drops the focus.
  useEffect(() => {
    if (document.activeElement === document.body) dialog.current?.focus();
  });
  return (
    <dialog
      ref={dialog}
      class={`dialog ${size}`}
      aria-labelledby={heading}
      tabIndex={-1}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        // The page's own keys are not meant for what lies behind.
        event.stopPropagation();
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose();
        } else if (event.key === 'Tab') keepInside(event);
      }}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          class="icon-button quiet"
          aria-label={t('panel.close')}
          title={t('panel.close')}
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </header>
      {children}
      {actions && <footer class="dialog-actions">{actions}</footer>}
      <p class="visually-hidden" role="status">
        {status}
      </p>
    </dialog>
  );
}

function keepInside(event: KeyboardEvent & { currentTarget: HTMLElement }) {
  const inside = [...event.currentTarget.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (element) => !element.closest('[hidden]') && element.tabIndex >= 0,
  );
  const [first, last] = [inside[0], inside.at(-1)];
  if (!first || !last) return;
  const at = document.activeElement;
  if (event.shiftKey && (at === first || at === event.currentTarget)) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && at === last) {
    event.preventDefault();
    first.focus();
  }
}

/** The part that scrolls. */
export function DialogBody({ children, label }: { children: ComponentChildren; label?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="dialog-body" tabIndex={0} aria-label={label ?? t('plans.dialog.content')}>
      {children}
    </section>
  );
}

export function Failure({ children }: { children: ComponentChildren }) {
  return (
    <p class="dialog-failure" role="alert">
      <WarningIcon />
      <span>{children}</span>
    </p>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label class="field">
      <span class="field-name">{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

/** Aborts what was asked for when the component goes. */
export function useAbort(): () => AbortSignal {
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);
  return () => {
    controller.current?.abort();
    controller.current = new AbortController();
    return controller.current.signal;
  };
}
