/** What was clicked and whose it is. */
import type { AreaSummary, IssueDetail, Location, Place } from '../api/types';
import { formatArea, formatMetres, formatMoment, formatNumber, formatSigned, type Key, t, tWord } from '../i18n';
import { selection } from '../state/app';
import { type ClickedBuilding, clicked } from '../state/clicked';
import { formatLonLat } from '../state/coordinates';
import { type Detail, detail, hotspots } from '../state/data';
import { binColour } from '../state/hotspots';
import { gridMap } from '../state/mapHandle';
import { mapTheme } from '../state/screen';
import { AreaComparison } from './Comparison';
import { FitIcon, WarningIcon } from './icons';
import { findingText } from './Legend';
import { CopyButton, EstimatedBadge, Stat, Swatch } from './parts';

export function DetailCard() {
  const { data, error, loading } = detail.value;
  if (error) {
    return (
      <p class="notice" role="alert">
        <WarningIcon />
        {t(error.code === 'no_such_area' ? 'detail.notfound' : 'detail.failed')}
      </p>
    );
  }
  if (!data) {
    return (
      <div class="skeleton" role="status" aria-label={t('detail.loading')}>
        <span />
        <span />
        <span />
      </div>
    );
  }
  return (
    <div class="detail" aria-busy={loading} data-testid="detail">
      {data.issue && <IssuePart issue={data.issue} />}
      {data.area && <AreaPart area={data.area} minor={data.issue !== null} />}
      {data.area && <AreaComparison code={data.area.code} />}
      {data.area && <HotspotPart code={data.area.code} />}
      <BuildingPart detail={data} />
      {data.location && <LocationPart location={data.location} />}
    </div>
  );
}

const show = (code: string) => {
  selection.value = { kind: 'area', code };
};

function CodeRow({ code }: { code: string }) {
  return (
    <span class="code-row">
      <code>{code}</code>
      <CopyButton text={code} label={t('detail.copycode', { code })} />
    </span>
  );
}

/** Groups have no name: their number in the cell tells them apart. */
function titleOf({ name, code, level, parents }: AreaSummary): string {
  if (name && name !== code) return name;
  const number = Number(code.slice(parents.at(-1)?.[0].length ?? 0));
  return level === 'group' && number ? t('detail.groupname', { number }) : code;
}

function AreaPart({ area, minor }: { area: AreaSummary; minor: boolean }) {
  const levelKey: Key = `level.${area.level}` as Key;
  const open = area.issues.open;
  return (
    <section class="detail-area" aria-label={t(levelKey)}>
      {area.parents.length > 0 && (
        <nav class="crumbs" aria-label={t('detail.parents')}>
          {area.parents.map(([code, name]) => (
            <button key={code} type="button" class="crumb" onClick={() => show(code)}>
              {name || code}
            </button>
          ))}
        </nav>
      )}
      <header class="detail-head">
        {minor ? <h3>{titleOf(area)}</h3> : <h2>{titleOf(area)}</h2>}
        <span class="chip accent">{t(levelKey)}</span>
        {area.estimated && <EstimatedBadge />}
      </header>
      <div class="detail-code">
        <CodeRow code={area.code} />
        <button type="button" class="text-button" onClick={() => gridMap.value?.fit(area.bbox)}>
          <FitIcon />
          {t('detail.zoom')}
        </button>
      </div>
      <dl class="stats three">
        <Stat label={t('stat.households')} value={area.households} />
        {typeof area.persons === 'number' && <Stat label={t('stat.persons')} value={area.persons} />}
        {area.level !== 'group' && <Stat label={t('stat.groups')} value={area.groups} />}
        {(area.level === 'street' || area.level === 'community') && <Stat label={t('stat.cells')} value={area.cells} />}
        {area.level !== 'group' && <Stat label={t('stat.buildings')} value={area.buildings} />}
        <Stat label={t('stat.area')} value={formatArea(area.area_m2)} />
        <Stat
          label={t('stat.issues')}
          value={area.issues.total}
          of={open > 0 ? t('detail.issues.open', { open: formatNumber(open) }) : undefined}
        />
      </dl>
    </section>
  );
}

/** How an area stands out, while the map shows it. */
function HotspotPart({ code }: { code: string }) {
  const answer = hotspots.value.data;
  const area = answer?.areas.find((one) => one.code === code);
  if (!area) return null;
  return (
    <section class="detail-here" aria-label={t('hotspot.title')} data-testid="hotspot">
      <h3>{t('hotspot.title')}</h3>
      <dl class="facts">
        <dt>{t('choropleth.measure')}</dt>
        <dd>{tWord('measure', answer?.measure ?? '')}</dd>
        <dt>{t('hotspot.z')}</dt>
        <dd>{typeof area.z === 'number' ? formatSigned(area.z, 2) : '—'}</dd>
        <dt>{t('hotspot.class')}</dt>
        <dd>
          {typeof area.z === 'number' && <Swatch colour={mapTheme.value.diverging[binColour(area.bin)] ?? ''} round />}{' '}
          {findingText(area.z, area.bin)}
        </dd>
      </dl>
    </section>
  );
}

function IssuePart({ issue }: { issue: IssueDetail }) {
  return (
    <section class="detail-issue" aria-label={t('kind.issue')}>
      <header class="detail-head">
        <h2>{tWord('category', issue.category)}</h2>
        <span class="chip">
          <Swatch colour={mapTheme.value.status[issue.status]} round />
          {t(`status.${issue.status}`)}
        </span>
      </header>
      {issue.description && <p class="detail-text">{issue.description}</p>}
      <dl class="facts">
        <dt>{t('detail.issueid')}</dt>
        <dd>
          <CodeRow code={issue.id} />
        </dd>
        <dt>{t('detail.reported')}</dt>
        <dd>{formatMoment(issue.reported_at)}</dd>
        {issue.closed_at && (
          <>
            <dt>{t('detail.closed')}</dt>
            <dd>{formatMoment(issue.closed_at)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function BuildingPart({ detail: { location } }: { detail: Detail }) {
  const building: ClickedBuilding | null = clicked.value;
  // The building belongs to the click that showed this card, not to whatever is selected later.
  const what = selection.value;
  if (!building || !location || what?.kind !== 'point' || what.lon !== building.lon || what.lat !== building.lat)
    return null;
  return (
    <section class="detail-here" aria-label={t('detail.building')}>
      <h3>{t('detail.building')}</h3>
      <dl class="facts">
        <dt>{t('kind.building')}</dt>
        <dd>{building.name ?? t('detail.unnamed')}</dd>
        {building.kind && building.kind !== 'yes' && (
          <>
            <dt>{t('stat.use')}</dt>
            <dd>{tWord('use', building.kind)}</dd>
          </>
        )}
        {building.levels !== null && (
          <>
            <dt>{t('stat.levels')}</dt>
            <dd>{formatNumber(building.levels)}</dd>
          </>
        )}
        {building.households !== null && (
          <>
            <dt>{t('stat.households')}</dt>
            <dd>
              {location.place?.estimated && <EstimatedBadge />} {formatNumber(building.households)}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function LocationPart({ location }: { location: Location }) {
  const { lon, lat, place, reason } = location;
  return (
    <section class="detail-here" aria-label={t('detail.here')} data-testid="place">
      <h3>{t('detail.here')}</h3>
      {!place && reason && (
        <p class="notice">
          <WarningIcon />
          {t(`detail.${reason}`)}
        </p>
      )}
      <dl class="facts">
        {place && <PlaceFacts place={place} />}
        <dt>{t('detail.coordinates')}</dt>
        <dd>
          <span class="code-row">
            <code>{formatLonLat(lon, lat)}</code>
            <CopyButton text={formatLonLat(lon, lat)} label={t('detail.copycoordinates')} />
          </span>
        </dd>
      </dl>
    </section>
  );
}

function PlaceFacts({ place }: { place: Place }) {
  return (
    <>
      <AreaFact level="street" code={place.street_code} name={place.street_name} />
      <AreaFact level="community" code={place.community_code} name={place.community_name} />
      <AreaFact level="cell" code={place.cell_code} name={place.cell_name} />
      {place.group_code ? (
        <AreaFact level="group" code={place.group_code} name="" />
      ) : (
        <>
          <dt>{t('level.group')}</dt>
          <dd class="muted">{t('detail.nogroup')}</dd>
        </>
      )}
      <dt>{t('detail.border')}</dt>
      <dd data-testid="border-distance">{formatMetres(place.border_distance_m)}</dd>
      <dt>{t('detail.beyond')}</dt>
      <dd>
        {place.beyond_cell_code ? (
          <CodeLink code={place.beyond_cell_code} name="" />
        ) : (
          <span class="muted">{t('detail.nobeyond')}</span>
        )}
      </dd>
    </>
  );
}

function AreaFact({
  level,
  code,
  name,
}: {
  level: 'street' | 'community' | 'cell' | 'group';
  code: string;
  name: string;
}) {
  return (
    <>
      <dt>{t(`level.${level}`)}</dt>
      <dd>
        <CodeLink code={code} name={name} />
      </dd>
    </>
  );
}

function CodeLink({ code, name }: { code: string; name: string }) {
  return (
    <button type="button" class="text-link" onClick={() => show(code)}>
      {name && name !== code ? <span>{name}</span> : null}
      <code>{code}</code>
    </button>
  );
}
