/** What the server says about what is looked at: the data as a whole, counts by area, the thing selected. */
import { computed, effect, signal } from '@preact/signals';
import { ApiError, type Params, queryText } from '../api/client';
import { listenForChanges, type TouchedPlans } from '../api/events';
import {
  fetchArea,
  fetchAttribution,
  fetchCounts,
  fetchHotspots,
  fetchInfo,
  fetchIssue,
  fetchLocation,
} from '../api/requests';
import type { AreaLevel, AreaSummary, Counts, Hotspots, Info, IssueDetail, Location } from '../api/types';
import { t } from '../i18n';
import {
  asOf,
  comparedPeriod,
  compareParams,
  deskAt,
  isOn,
  issueParams,
  level,
  measure,
  say,
  selection,
  shading,
  today,
} from './app';
import { classifyChange, compareWithin, hasBefore, shadeChange } from './change';
import { classify, type Measure, type Shading, shadeTotals } from './choropleth';
import { shadeHotspots } from './hotspots';
import { gridMap } from './mapHandle';
import { fetcher } from './resource';
import { HOTSPOT_LEVELS, type Selection } from './view';

/** Rises with each change of the server's data; what depends on the data asks again. */
export const revision = signal(0);
/** Rises when changes may have been missed: any tile may show something else. */
export const missed = signal(0);
/** Plans that the last change touched; any of any street when changes may have been missed. Each change is a new value. */
export const plansTouched = signal<TouchedPlans | { plans: 'any' } | null>(null);
/** The event stream is down, which is how a server that went away is noticed first. */
export const streamLost = signal(false);

const infoFetcher = fetcher<true, Info>((_, abort) => fetchInfo(abort));
const attributionFetcher = fetcher<true, string>((_, abort) => fetchAttribution(abort));
export const info = infoFetcher.state;
export const attribution = attributionFetcher.state;
/** Whether a picture from elsewhere lies behind the map. */
export const hasBackdrop = () => isOn('backdrop') && !!info.value.data?.backdrop;

/** To whom the map owes what it shows. */
export function credits(): string {
  const picture = hasBackdrop() && info.value.data?.backdrop?.attribution;
  return [picture, attribution.value.data, 'MapLibre'].filter(Boolean).join(' | ');
}

interface CountQuestion {
  level: AreaLevel;
  params: Params;
}
const askCounts = ({ level, params }: CountQuestion, abort: AbortSignal) => fetchCounts(level, params, abort);
const choroplethFetcher = fetcher<CountQuestion, Counts>(askCounts);
const cellFetcher = fetcher<CountQuestion, Counts>(askCounts);
/** Counts by cell, for the overview's totals and its list. */
export const cellCounts = cellFetcher.state;
/** Counts of the level the choropleth shows. */
export const counts = computed(() => (level.value === 'cell' ? cellCounts.value : choroplethFetcher.state.value));

export const classes = computed(() => (counts.value.data ? classify(counts.value.data, measure.value) : null));

/** How the areas changed; `null` without a comparison, and until its numbers are there. */
export const change = computed(() => {
  const { data } = counts.value;
  return comparedPeriod.value && data && hasBefore(data) ? classifyChange(data, measure.value) : null;
});

interface HotspotQuestion {
  level: (typeof HOTSPOT_LEVELS)[number];
  measure: Measure;
  params: Params;
}
const hotspotFetcher = fetcher<HotspotQuestion, Hotspots>(({ level, measure, params }, abort) =>
  fetchHotspots(level, measure, params, abort),
);
/** Asked for only while the map shows them. */
export const hotspots = hotspotFetcher.state;

/** The areas' colours on the map. The answer says of which level they are: the one asked for next may still be under way. */
export const shade = computed<Shading | null>(() => {
  if (shading.value === 'hotspots') return hotspots.value.data && shadeHotspots(hotspots.value.data);
  const { data } = counts.value;
  if (!data) return null;
  const of = data.level as AreaLevel;
  if (change.value) return shadeChange(of, change.value);
  return classes.value && shadeTotals(of, classes.value);
});

/** Issues in the filter's period and in the one compared with, within an area or (with an empty code) everywhere. */
export function comparedWithin(code: string) {
  const { data } = cellCounts.value;
  return comparedPeriod.value && data ? compareWithin(data, code) : null;
}

/** Issues that the filter lets through and that lie in some cell; `null` when there are no cells to count by. */
export const totals = computed(() => {
  const rows = cellCounts.value.data?.counts;
  if (!rows?.length) return null;
  return rows.reduce((sum, row) => ({ total: sum.total + row.total, open: sum.open + row.open }), {
    total: 0,
    open: 0,
  });
});

/** Rows in the list of busiest cells. */
const BUSIEST = 5;

/** Cells with most issues, most first. */
export const busiest = computed(() =>
  (cellCounts.value.data?.counts ?? [])
    .filter((row) => row.total > 0)
    .sort((a, b) => b.total - a.total || (a.code < b.code ? -1 : 1))
    .slice(0, BUSIEST),
);

const busiestFetcher = fetcher<{ codes: string[]; day: string | null }, Map<string, AreaSummary>>(
  async ({ codes, day }, abort) => {
    const areas = await Promise.all(codes.map((code) => fetchArea(code, day, abort)));
    return new Map(areas.map((area) => [area.code, area]));
  },
);
/** What the busiest cells are called and where they are. */
export const busiestAreas = busiestFetcher.state;

/** What the detail card shows. */
export interface Detail {
  issue: IssueDetail | null;
  location: Location | null;
  area: AreaSummary | null;
}

async function fetchDetail(question: { what: Selection; day: string | null }, abort: AbortSignal): Promise<Detail> {
  const { what, day } = question;
  if (what.kind === 'area') return { issue: null, location: null, area: await fetchArea(what.code, day, abort) };
  if (what.kind === 'issue') {
    const issue = await fetchIssue(what.id, abort);
    // The issue says whose it is today; another day's plan is asked for.
    const location = day ? await fetchLocation(issue.lon, issue.lat, day, abort) : issue.location;
    return { issue, location, area: await areaOf(location, null, day, abort) };
  }
  const location = await fetchLocation(what.lon, what.lat, day, abort);
  return { issue: null, location, area: await areaOf(location, what.code, day, abort) };
}

/**
 * The area clicked, or else the cell that holds the position. A tower's groups lie one upon another: which of them the picture shows
 * on top says nothing, so among groups the position's own answer holds, as everywhere on the card.
 */
async function areaOf(location: Location, code: string | null, day: string | null, abort: AbortSignal) {
  const { cell_code: cell, group_code: group } = location.place ?? {};
  const isGroup = code && cell && code.length > cell.length;
  const wanted = (isGroup && group) || code || cell;
  if (!wanted) return null;
  try {
    return await fetchArea(wanted, day, abort);
  } catch (cause) {
    // A link may name an area that a later plan no longer has; the place's own answer still holds.
    if (cause instanceof ApiError && cause.code === 'no_such_area') return null;
    throw cause;
  }
}

const pastFetcher = fetcher<{ codes: string[]; day: string }, Map<string, StreetFigures>>(
  async ({ codes, day }, abort) => {
    const [communities, ...streets] = await Promise.all([
      fetchCounts('community', { 'as-of': day }, abort),
      ...codes.map((code) => fetchArea(code, day, abort)),
    ]);
    const within = (code: string) => communities.counts.filter((row) => row.code.startsWith(code)).length;
    return new Map(
      streets.map(({ code, households, cells, groups }) => [
        code,
        { households, cells, groups, communities: within(code) },
      ]),
    );
  },
);

export interface StreetFigures {
  households: number;
  communities: number;
  cells: number;
  groups: number;
}
/** The streets' figures on the day looked at; `info` has today's. */
export const pastFigures = pastFetcher.state;

const detailFetcher = fetcher<{ what: Selection; day: string | null }, Detail>(fetchDetail);
export const detail = detailFetcher.state;

/** No answer, and none to be expected before the server is back. */
export const unreachable = computed(() => info.value.error?.code === 'unreachable' || streamLost.value);

export function reload() {
  revision.value += 1;
}

function refreshed() {
  reload();
  say(t('status.refreshed'));
}

/** Asks again whatever depends on something that changed. Returns what ends it. */
export function followData(): () => void {
  /** Something changed while the desk was open. */
  let behind = false;
  const askedOf = new Map<string, string>();
  /** Runs `ask` only when the question differs from the last one of that name. */
  const once = (name: string, question: string, ask: () => void) => {
    if (askedOf.get(name) === question) return;
    askedOf.set(name, question);
    ask();
  };
  const stops = [
    effect(() => {
      void revision.value;
      void infoFetcher.ask(true);
      void attributionFetcher.ask(true);
    }),
    effect(() => {
      const day = info.value.data?.today;
      if (day) today.value = day;
    }),
    effect(() => {
      const params = { ...issueParams.value, ...compareParams.value, 'as-of': asOf.value };
      const shown = level.value;
      const question = `${queryText(params)} ${revision.value}`;
      once('cells', question, () => void cellFetcher.ask({ level: 'cell', params }));
      once('choropleth', `${shown} ${question}`, () => {
        void choroplethFetcher.ask(shown === 'cell' ? null : { level: shown, params });
      });
    }),
    effect(() => {
      const shown = HOTSPOT_LEVELS.find((of) => of === level.value);
      if (!isOn('choropleth') || shading.value !== 'hotspots' || !shown) {
        once('hotspots', '', () => void hotspotFetcher.ask(null));
        return;
      }
      const params = { ...issueParams.value, 'as-of': asOf.value };
      const by = measure.value;
      once('hotspots', `${shown} ${by} ${queryText(params)} ${revision.value}`, () => {
        void hotspotFetcher.ask({ level: shown, measure: by, params });
      });
    }),
    effect(() => {
      const codes = busiest.value.map((row) => row.code);
      const day = asOf.value;
      once('busiest', `${codes} ${day} ${revision.value}`, () => {
        void busiestFetcher.ask(codes.length ? { codes, day } : null);
      });
    }),
    effect(() => {
      const codes = (info.value.data?.streets ?? []).map((street) => street.code);
      const day = asOf.value;
      once('past', `${codes} ${day} ${revision.value}`, () => {
        void pastFetcher.ask(day && codes.length ? { codes, day } : null);
      });
    }),
    effect(() => {
      void revision.value;
      const what = selection.value;
      void detailFetcher.ask(what && { what, day: asOf.value });
    }),
    // The desk has eyes for its draft alone; whoever comes back from it wants to see what has become of the rest.
    effect(() => {
      if (deskAt.value || !behind) return;
      behind = false;
      missed.value += 1;
      reload();
    }),
    listenForChanges({
      onTiles: (stale) => {
        if (!deskAt.peek()) gridMap.value?.refreshTouched(stale);
      },
      onChange: () => {
        if (deskAt.peek()) behind = true;
        else refreshed();
      },
      onPlans: (touched) => {
        plansTouched.value = touched;
      },
      onMissed: () => {
        missed.value += 1;
        plansTouched.value = { plans: 'any' };
        refreshed();
      },
      onLost: () => {
        streamLost.value = true;
      },
      onReturn: () => {
        streamLost.value = false;
      },
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
