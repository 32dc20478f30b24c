/** The layer switch. */
import { type Key, t } from '../i18n';
import { GROUPS_ZOOM, HOUSEHOLDS_ZOOM } from '../map/layers/grid';
import { UNDER_BACKDROP } from '../map/style';
import { camera, isOn, level, measure, setLayer, setShading, shading } from '../state/app';
import { hasBackdrop, info } from '../state/data';
import { AREA_LEVELS, HOTSPOT_LEVELS, type LayerName, SHADINGS } from '../state/view';
import { Segmented } from './parts';

const GROUPS: { title: Key; layers: LayerName[] }[] = [
  { title: 'layers.issues', layers: ['issues', 'heat', 'choropleth'] },
  { title: 'layers.grid', layers: ['streets', 'communities', 'cells', 'groups', 'households', 'labels'] },
  { title: 'layers.base', layers: ['backdrop', 'water', 'roads', 'buildings', 'blocks'] },
];

/** Layers that tiles bring only near the ground; their names are dimmed further out. */
const NEAR_ZOOM: Partial<Record<LayerName, number>> = {
  groups: GROUPS_ZOOM,
  households: HOUSEHOLDS_ZOOM,
  buildings: 14,
  blocks: 13,
};

const nameKey = (layer: LayerName): Key => (layer === 'issues' ? 'layer.issues.points' : `layer.${layer}`);

export function LayerPanel() {
  return (
    <div class="layers">
      {GROUPS.map(({ title, layers }) => (
        <fieldset class="layer-group" key={title}>
          <legend>{t(title)}</legend>
          <div class="switches">
            {layers.map((layer) => (
              <LayerSwitch key={layer} layer={layer} />
            ))}
          </div>
          {layers.includes('choropleth') && isOn('choropleth') && <ChoroplethChoices />}
        </fieldset>
      ))}
    </div>
  );
}

function LayerSwitch({ layer }: { layer: LayerName }) {
  if (layer === 'households' && info.value.data && !info.value.data.households_layer) return null;
  if (layer === 'backdrop' && !info.value.data?.backdrop) return null;
  const covered = hasBackdrop() && UNDER_BACKDROP.includes(layer);
  const far = (camera.value?.zoom ?? 0) < (NEAR_ZOOM[layer] ?? 0);
  return (
    <label
      class={far || covered ? 'switch far' : 'switch'}
      title={covered ? t('backdrop.instead') : far ? t('layer.zoomhint') : undefined}
    >
      <input type="checkbox" checked={isOn(layer)} onChange={(event) => setLayer(layer, event.currentTarget.checked)} />
      <span class="switch-track" aria-hidden="true" />
      <span class="switch-name">{t(nameKey(layer))}</span>
    </label>
  );
}

function ChoroplethChoices() {
  return (
    <div class="layer-choices">
      <Segmented
        label={t('choropleth.shading')}
        choices={SHADINGS}
        value={shading.value}
        text={(choice) => t(`shading.${choice}`)}
        onChoose={setShading}
      />
      <Segmented
        label={t('choropleth.level')}
        choices={shading.value === 'hotspots' ? HOTSPOT_LEVELS : AREA_LEVELS}
        value={level.value}
        text={(choice) => t(`level.${choice}`)}
        onChoose={(choice) => {
          level.value = choice;
        }}
      />
      <Segmented
        label={t('choropleth.measure')}
        choices={['count', 'rate'] as const}
        value={measure.value}
        text={(choice) => t(`measure.${choice}`)}
        onChoose={(choice) => {
          measure.value = choice;
        }}
      />
      {shading.value === 'hotspots' && <p class="muted">{t('hotspot.explain')}</p>}
    </div>
  );
}
