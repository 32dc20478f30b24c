/** The layer switch. */
import type { AreaLevel } from '../api/types';
import { type Key, t } from '../i18n';
import { isOn, level, measure, setLayer } from '../state/app';
import { info } from '../state/data';
import { mapTheme } from '../state/screen';
import { AREA_LEVELS, type LayerName } from '../state/view';
import { Segmented, Swatch } from './parts';

const GROUPS: { title: Key; layers: LayerName[] }[] = [
  { title: 'layers.issues', layers: ['issues', 'heat', 'choropleth'] },
  { title: 'layers.grid', layers: ['streets', 'communities', 'cells', 'groups', 'households', 'labels'] },
  { title: 'layers.base', layers: ['water', 'roads', 'buildings', 'blocks'] },
];

/** Layers that tiles bring only near the ground. */
const ZOOMED: readonly LayerName[] = ['groups', 'households', 'buildings', 'blocks'];

const nameKey = (layer: LayerName): Key => (layer === 'issues' ? 'layer.issues.points' : `layer.${layer}`);

export function LayerPanel() {
  return (
    <div class="layers">
      {GROUPS.map(({ title, layers }) => (
        <fieldset class="layer-group" key={title}>
          <legend>{t(title)}</legend>
          {layers.map((layer) => (
            <LayerSwitch key={layer} layer={layer} />
          ))}
          {layers.includes('choropleth') && isOn('choropleth') && <ChoroplethChoices />}
        </fieldset>
      ))}
    </div>
  );
}

function LayerSwitch({ layer }: { layer: LayerName }) {
  if (layer === 'households' && info.value.data && !info.value.data.households_layer) return null;
  const colour = colourOf(layer);
  return (
    <label class="switch">
      <input
        type="checkbox"
        // biome-ignore lint/a11y/useAriaPropsForRole: a native checkbox tells its state itself.
        role="switch"
        checked={isOn(layer)}
        onChange={(event) => setLayer(layer, event.currentTarget.checked)}
      />
      <span class="switch-track" aria-hidden="true" />
      <span class="switch-name">
        {t(nameKey(layer))}
        {ZOOMED.includes(layer) && <small> {t('layer.zoomhint')}</small>}
      </span>
      {colour && <Swatch colour={colour} />}
    </label>
  );
}

function colourOf(layer: LayerName): string | null {
  const theme = mapTheme.value;
  switch (layer) {
    case 'streets':
      return theme.edge.street;
    case 'communities':
      return theme.edge.community;
    case 'cells':
      return theme.edge.cell;
    case 'groups':
      return theme.group.outline;
    case 'households':
      return theme.household.member;
    case 'water':
      return theme.water;
    case 'buildings':
      return theme.building.outline;
    default:
      return null;
  }
}

function ChoroplethChoices() {
  return (
    <div class="layer-choices">
      <Segmented
        label={t('choropleth.level')}
        choices={AREA_LEVELS}
        value={level.value}
        text={(choice: AreaLevel) => t(`level.${choice}`)}
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
    </div>
  );
}
