import { t } from '../i18n';
import { isOn, setLayer } from '../state/app';
import { credits, info } from '../state/data';
import { gridMap } from '../state/mapHandle';
import { FitIcon, MinusIcon, PictureIcon, PlusIcon } from './icons';

export function MapControls() {
  const bounds = info.value.data?.bounds;
  return (
    <div class="map-controls" role="toolbar" aria-label={t('map.controls')}>
      <button
        type="button"
        aria-label={t('map.zoomin')}
        title={t('map.zoomin')}
        onClick={() => gridMap.value?.map.zoomIn()}
      >
        <PlusIcon />
      </button>
      <button
        type="button"
        aria-label={t('map.zoomout')}
        title={t('map.zoomout')}
        onClick={() => gridMap.value?.map.zoomOut()}
      >
        <MinusIcon />
      </button>
      <button
        type="button"
        aria-label={t('map.fit')}
        title={t('map.fit')}
        disabled={!bounds}
        onClick={() => bounds && gridMap.value?.fit(bounds)}
      >
        <FitIcon />
      </button>
      <BackdropButton />
    </div>
  );
}

export function BackdropButton() {
  if (!info.value.data?.backdrop) return null;
  return (
    <button
      type="button"
      aria-label={t('layer.backdrop')}
      title={t('layer.backdrop')}
      aria-pressed={isOn('backdrop')}
      onClick={() => setLayer('backdrop', !isOn('backdrop'))}
    >
      <PictureIcon />
    </button>
  );
}

export function Attribution() {
  return <p class="attribution">{credits()}</p>;
}
