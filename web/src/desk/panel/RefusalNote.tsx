/** Why a command was not done, said where it was to happen. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../i18n';
import { CloseIcon, WarningIcon } from '../../panels/icons';
import { gridMap } from '../../state/mapHandle';
import { store } from '../state/session';
import type { Refusal } from '../state/store';
import { reasonText } from './reasons';

export function RefusalNote() {
  const refusal = store.value?.refusal.value ?? null;
  return (
    <div class="desk-refusals" aria-live="assertive" data-testid="refusal">
      {refusal && <Note refusal={refusal} />}
    </div>
  );
}

function Note({ refusal }: { refusal: Refusal }) {
  const element = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ x: number; y: number } | null>(null);
  useEffect(() => {
    const map = gridMap.peek()?.map;
    const { at } = refusal;
    if (!map || !at) {
      setPlace(null);
      return;
    }
    gridMap.peek()?.reveal(at[0], at[1]);
    const follow = () => {
      const { x, y } = map.project(at);
      setPlace({ x, y });
    };
    follow();
    map.on('move', follow);
    return () => {
      map.off('move', follow);
    };
  }, [refusal]);
  return (
    <div
      ref={element}
      class={place ? 'desk-refusal placed' : 'desk-refusal'}
      style={place ? { left: `${place.x}px`, top: `${place.y}px` } : undefined}
      data-reason={refusal.reason}
    >
      <WarningIcon />
      <p>{reasonText(refusal)}</p>
      {refusal.again && (
        <button type="button" class="text-button" onClick={refusal.again}>
          {t('error.retry')}
        </button>
      )}
      <button
        type="button"
        class="icon-button small"
        aria-label={t('panel.close')}
        onClick={() => store.peek()?.forgive()}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
