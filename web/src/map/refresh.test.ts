import type { Map as MapLibre } from 'maplibre-gl';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bbox } from '../api/types';
import { TileRefresher } from './refresh';

interface FakeTile {
  state: string;
  tileID: { key: string; canonical: { z: number; x: number; y: number } };
}

const tile = (x: number, state = 'loaded'): FakeTile => ({
  state,
  tileID: { key: `k${x}`, canonical: { z: 14, x, y: 6935 } },
});

/** Inside tile 14/12963/6935. */
const POINT: Bbox = [104.84, 26.59, 104.84, 26.59];
const HOME = 12963;

function fakeMap(inView: FakeTile[], hidden: FakeTile[] = []) {
  const fetched: string[] = [];
  /** Tiles taken out, and how many updates put new ones in. */
  const anew: string[] = [];
  const manager = {
    getIds: () => inView.map(({ tileID }) => tileID.key),
    getTileByID: (key: string) => inView.find(({ tileID }) => tileID.key === key),
    _removeTile: (key: string) => {
      anew.push(key);
      inView.splice(0, inView.length, ...inView.filter(({ tileID }) => tileID.key !== key));
    },
    transform: {},
    update: () => anew.push('update'),
    _outOfViewCache: {
      filter: (keep: (tile: FakeTile) => boolean) => hidden.splice(0, hidden.length, ...hidden.filter(keep)),
    },
  };
  const map = {
    style: { tileManagers: { issues: manager } },
    refreshTiles: (source: string, ids: { z: number; x: number; y: number }[]) => {
      for (const { z, x, y } of ids) fetched.push(`${source} ${z}/${x}/${y}`);
    },
  };
  return { refresher: new TileRefresher(map as unknown as MapLibre), fetched, hidden, anew };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('refreshing', () => {
  it('fetches what was touched and leaves the rest', () => {
    const { refresher, fetched } = fakeMap([tile(HOME - 1), tile(HOME), tile(HOME + 1)]);
    refresher.refresh('issues', [POINT]);
    vi.advanceTimersByTime(10_000);
    expect(fetched).toEqual(['issues 14/12963/6935']);
  });

  it('forgets touched tiles that are kept out of view', () => {
    const { refresher, fetched, hidden } = fakeMap([], [tile(HOME), tile(HOME + 1)]);
    refresher.refresh('issues', [POINT]);
    expect(hidden.map(({ tileID }) => tileID.canonical.x)).toEqual([HOME + 1]);
    // A label was still fading: the tile becomes a hidden one only now.
    hidden.push(tile(HOME));
    vi.advanceTimersByTime(1_000);
    expect(hidden.map(({ tileID }) => tileID.canonical.x)).toEqual([HOME + 1]);
    expect(fetched).toEqual([]);
  });

  it('fetches a tile that is under way once more, when it has come', () => {
    const late = tile(HOME, 'loading');
    const { refresher, fetched } = fakeMap([late]);
    refresher.refresh('issues', [POINT]);
    vi.advanceTimersByTime(2_000);
    expect(fetched).toEqual([]);
    late.state = 'loaded';
    vi.advanceTimersByTime(2_000);
    expect(fetched).toEqual(['issues 14/12963/6935']);
  });

  it('does not wait for a tile that left the view', () => {
    const inView = [tile(HOME, 'loading')];
    const { refresher, fetched } = fakeMap(inView);
    refresher.refresh('issues', [POINT]);
    inView.pop();
    vi.advanceTimersByTime(2_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(fetched).toEqual([]);
  });

  it('begins a tile anew that failed, or fails on its way', () => {
    const late = tile(HOME, 'loading');
    const { refresher, fetched, anew } = fakeMap([tile(HOME - 1, 'errored'), late, tile(HOME + 1)]);
    const around: Bbox = [104.82, 26.59, 104.86, 26.59];
    refresher.refresh('issues', [around]);
    expect(anew).toEqual([`k${HOME - 1}`, 'update']);
    expect(refresher.hasFailed()).toBe(false);
    late.state = 'errored';
    expect(refresher.hasFailed()).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(anew).toEqual([`k${HOME - 1}`, 'update', `k${HOME}`, 'update']);
    expect(fetched).toEqual(['issues 14/12964/6935']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins anew, at a new address, what shows nothing yet', () => {
    const { refresher, fetched, anew } = fakeMap([tile(HOME - 1), tile(HOME, 'errored'), tile(HOME + 1, 'loading')]);
    refresher.afterSetTiles('households');
    refresher.afterSetTiles('issues');
    expect(anew).toEqual([`k${HOME}`, `k${HOME + 1}`, 'update']);
    vi.advanceTimersByTime(2_000);
    expect(fetched).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['loaded', ['issues 14/12963/6935'], []],
    ['errored', [], [`k${HOME}`, 'update']],
    // Failed before setTiles came to it: it waits for nothing.
    ['loading', [], [`k${HOME}`, 'update']],
  ])('fetches from a new address a tile that was coming from the old one and is %s', (state, again, begun) => {
    const shown = tile(HOME, 'expired');
    const { refresher, fetched, anew } = fakeMap([shown]);
    refresher.afterSetTiles('issues');
    vi.advanceTimersByTime(1_000);
    expect([fetched, anew]).toEqual([[], []]);
    shown.state = state;
    vi.advanceTimersByTime(1_000);
    expect([fetched, anew]).toEqual([again, begun]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the map', () => {
    const { refresher, fetched } = fakeMap([tile(HOME, 'loading')]);
    refresher.refresh('issues', [POINT]);
    refresher.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(fetched).toEqual([]);
  });

  it('knows of no source that the style has not', () => {
    const { refresher, fetched } = fakeMap([tile(HOME)]);
    refresher.refresh('households', [POINT]);
    refresher.refresh('issues', []);
    expect(fetched).toEqual([]);
  });
});
