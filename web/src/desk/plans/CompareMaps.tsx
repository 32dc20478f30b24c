/** The maps of a comparison: one over the other, cut at the divider. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../i18n';
import { FitIcon, MinusIcon, PlusIcon } from '../../panels/icons';
import { BackdropButton } from '../../panels/MapControls';
import { credits, hasBackdrop, info } from '../../state/data';
import { mapTheme } from '../../state/screen';
import type { Move, PlanDifference, PlanPicture } from './api';
import { ComparePair } from './comparePair';
import { buildComparedStyle, type Mode } from './compareStyle';
import { Divider } from './Divider';
import { boundsOf } from './picture';

declare global {
  interface Window {
    /** For tests: the maps of the comparison on the page. */
    wanggeCompare?: ComparePair;
  }
}

export interface CompareMapsProps {
  a: PlanPicture;
  b: PlanPicture;
  difference: PlanDifference;
  mode: Mode;
  chosen: Move | null;
}

export function CompareMaps({ a, b, difference, mode, chosen }: CompareMapsProps) {
  const left = useRef<HTMLDivElement>(null);
  const right = useRef<HTMLDivElement>(null);
  const pair = useRef<ComparePair | null>(null);
  const [at, setAt] = useState(50);
  const [failed, setFailed] = useState(false);
  const theme = mapTheme.value;
  const bounds = info.value.data?.bounds ?? null;
  const backdrop = hasBackdrop() ? (info.value.data?.backdrop ?? null) : null;
  const whole = boundsOf([...a.cells, ...b.cells]) ?? bounds;
  const style = (picture: PlanPicture) =>
    buildComparedStyle({ theme, picture, difference, mode, chosen, backdrop, bounds: whole ?? null });

  // Made once; what they show follows below.
  useEffect(() => {
    if (!left.current || !right.current || !whole) return;
    try {
      pair.current = new ComparePair([left.current, right.current], [style(a), style(b)], whole);
    } catch {
      setFailed(true);
      return;
    }
    window.wanggeCompare = pair.current;
    return () => {
      pair.current?.remove();
      pair.current = null;
      delete window.wanggeCompare;
    };
  }, []);
  // The style is a function of these.
  useEffect(() => pair.current?.show([style(a), style(b)]), [a, b, difference, mode, chosen, theme, backdrop]);
  const [before, after] = [a.plan.name, b.plan.name];
  useEffect(
    () => pair.current?.label([t('compare.map.a', { name: before }), t('compare.map.b', { name: after })]),
    [before, after],
  );
  // Only a choice moves the maps.
  useEffect(() => {
    if (!chosen) return;
    const box = boundsOf([...a.cells, ...b.cells].filter(({ code }) => code === chosen.from || code === chosen.to));
    if (box) pair.current?.fit(box);
  }, [chosen]);

  const swiping = mode === 'swipe';
  return (
    <div class="compare-maps" data-testid="compare-maps">
      <div ref={left} class="compare-map map" />
      <div
        ref={right}
        class="compare-map map"
        // The second map's plan differs by its cells only: where differences are shown, one map tells all.
        hidden={!swiping}
        style={{ clipPath: `inset(0 0 0 ${at}%)` }}
      />
      {swiping && !failed && (
        <>
          <span class="compare-name before" aria-hidden="true">
            {before}
          </span>
          <span class="compare-name after" aria-hidden="true">
            {after}
          </span>
          <Divider {...{ at, before, after }} onMove={setAt} />
        </>
      )}
      <div class="map-controls compare-controls" role="toolbar" aria-label={t('map.controls')}>
        <button
          type="button"
          aria-label={t('map.zoomin')}
          title={t('map.zoomin')}
          onClick={() => pair.current?.zoom(1)}
        >
          <PlusIcon />
        </button>
        <button
          type="button"
          aria-label={t('map.zoomout')}
          title={t('map.zoomout')}
          onClick={() => pair.current?.zoom(-1)}
        >
          <MinusIcon />
        </button>
        <button
          type="button"
          aria-label={t('map.fit')}
          title={t('map.fit')}
          onClick={() => whole && pair.current?.fit(whole)}
        >
          <FitIcon />
        </button>
        <BackdropButton />
      </div>
      <p class="attribution compare-attribution">{credits()}</p>
      {failed && (
        <p class="notice" role="alert">
          {t('error.map')}
        </p>
      )}
    </div>
  );
}
