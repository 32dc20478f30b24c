/** The line between before and after: dragged, or moved by the arrow keys. */
import { useRef } from 'preact/hooks';
import { t } from '../../i18n';

const STEP = 2;
const LEAP = 10;

/** Where a key puts the line, in percent of the width; `null` for keys that are not its own. */
export function dividerAfter(key: string, at: number, leap: boolean): number | null {
  const step = leap ? LEAP : STEP;
  const to: Record<string, number> = {
    ArrowLeft: at - step,
    ArrowDown: at - step,
    ArrowRight: at + step,
    ArrowUp: at + step,
    PageDown: at - LEAP,
    PageUp: at + LEAP,
    Home: 0,
    End: 100,
  };
  const next = to[key];
  return next === undefined ? null : Math.min(100, Math.max(0, next));
}

export function Divider(props: { at: number; before: string; after: string; onMove: (at: number) => void }) {
  const { at, before, after, onMove } = props;
  const dragged = useRef(false);
  return (
    <div
      class="compare-divider"
      role="slider"
      tabIndex={0}
      aria-label={t('compare.divider')}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at)}
      aria-valuetext={t('compare.divider.value', { before, after, percent: Math.round(at) })}
      style={{ left: `${at}%` }}
      onKeyDown={(event) => {
        const next = dividerAfter(event.key, at, event.shiftKey);
        if (next === null) return;
        event.preventDefault();
        onMove(next);
      }}
      onPointerDown={(event) => {
        dragged.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const frame = event.currentTarget.parentElement?.getBoundingClientRect();
        if (!dragged.current || !frame?.width) return;
        onMove(Math.min(100, Math.max(0, ((event.clientX - frame.left) / frame.width) * 100)));
      }}
      onPointerUp={() => {
        dragged.current = false;
      }}
      onPointerCancel={() => {
        dragged.current = false;
      }}
    >
      <span class="compare-handle" aria-hidden="true" />
    </div>
  );
}
