/** Keys and gestures, as a dialog. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Key, t } from '../../i18n';
import { CloseIcon } from '../../panels/icons';
import { dialog, TOOLS } from '../state/session';
import { setSingleKeys, singleKeys, TOOL_KEYS } from '../tools/keys';

const GROUPS: [Key, [keys: string, what: Key][]][] = [
  [
    'desk.help.general',
    [
      ['Ctrl+Z', 'desk.undo'],
      ['Ctrl+Shift+Z · Ctrl+Y', 'desk.redo'],
      ['N', 'desk.problem.next'],
      ['↑ ↓', 'desk.help.rows'],
      ['Shift', 'desk.help.more'],
      ['Ctrl+↑ ↓ · Space', 'desk.help.table'],
      ['Shift+↑ ↓', 'desk.help.extend'],
      ['H', 'desk.halve'],
      ['L', 'desk.help.lock'],
      [', .', 'desk.help.brush'],
      ['Esc', 'desk.help.escape'],
    ],
  ],
  [
    'desk.help.blocks',
    [
      ['1 – 9', 'desk.help.neighbour'],
      ['[ ]', 'desk.help.step'],
      ['X', 'desk.help.direction'],
      ['Enter', 'desk.help.move'],
    ],
  ],
  [
    'desk.help.vertices',
    [
      ['E · 1 – 9 · [ ]', 'desk.help.vertex'],
      ['← → ↑ ↓', 'desk.help.nudge'],
      ['Enter', 'desk.help.commit'],
      ['I', 'desk.help.insert'],
      ['Delete', 'desk.help.delete'],
    ],
  ],
  [
    'desk.help.splitting',
    [
      ['S · [ ]', 'desk.help.ring'],
      ['Enter', 'desk.help.pick'],
      ['Enter', 'desk.help.split'],
      ['Backspace', 'desk.help.back'],
    ],
  ],
];

export function Dialog({ label, children }: { label: string; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  const close = () => {
    dialog.value = null;
  };
  return (
    <dialog
      ref={element}
      class="desk-dialog"
      aria-label={label}
      onClose={close}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
      onKeyDown={() => undefined}
    >
      <header class="panel-head">
        <h2>{label}</h2>
        <button
          type="button"
          class="icon-button quiet"
          aria-label={t('panel.close')}
          title={t('panel.close')}
          onClick={close}
        >
          <CloseIcon />
        </button>
      </header>
      <div class="panel-body">{children}</div>
    </dialog>
  );
}

export function Help() {
  return (
    <Dialog label={t('desk.open.help')}>
      <div class="desk-help">
        <section>
          <h3>{t('desk.tools')}</h3>
          <dl>
            {TOOLS.map((name) => (
              <div key={name}>
                <dt>
                  <kbd>{TOOL_KEYS[name].toUpperCase()}</kbd>
                </dt>
                <dd>
                  {t(`desk.tool.${name}`)}
                  <small>{t(`desk.tool.${name}.hint`)}</small>
                </dd>
              </div>
            ))}
          </dl>
        </section>
        {GROUPS.map(([heading, rows]) => (
          <section key={heading}>
            <h3>{t(heading)}</h3>
            <dl>
              {rows.map(([keys, what]) => (
                <div key={what}>
                  <dt>
                    {keys.split(' · ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{t(what)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <label class="desk-check">
          <input
            type="checkbox"
            checked={singleKeys.value}
            onChange={(event) => setSingleKeys(event.currentTarget.checked)}
          />
          {t('desk.help.single')}
        </label>
      </div>
    </Dialog>
  );
}
