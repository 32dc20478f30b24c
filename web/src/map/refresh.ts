/** Fetches again the tiles of a source that a change touched, and no others; the old ones stay until the new ones are there. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { Bbox } from '../api/types';
import { touchTest } from './touched';

type TileManager = MapLibre['style']['tileManagers'][string];
type Tile = NonNullable<ReturnType<TileManager['getTileByID']>>;

/** How soon to look again after tiles that were under way, longer than a label fades. */
const AGAIN_MS = 250;

export class TileRefresher {
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly map: MapLibre) {}

  refresh(source: string, boxes: readonly Bbox[]) {
    const manager = this.map.style.tileManagers[source];
    if (!manager || boxes.length === 0) return;
    const touched = touchTest(boxes);
    const inView = tilesInView(manager).filter((tile) => touched(tile.tileID.canonical));
    const dropHidden = () => dropHiddenTiles(manager, (tile) => touched(tile.tileID.canonical));
    dropHidden();
    const underWay = this.fetchAgain(source, manager, inView);
    this.later(() => {
      // Tiles that were fading out of view have become hidden ones by now.
      dropHidden();
      this.follow(source, manager, underWay);
    });
  }

  /**
   * Fetches again what `setTiles` forgets, right after it. A tile that failed it calls `loading`, which then waits for a request that
   * is not under way. One that is under way it asks to be parsed again when it has come, from wherever it came.
   */
  afterSetTiles(source: string) {
    const manager = this.map.style.tileManagers[source];
    if (!manager) return;
    const inView = tilesInView(manager);
    beginAnew(
      manager,
      inView.filter(({ state }) => state === 'errored' || state === 'loading'),
    );
    const underWay = inView.filter(({ state }) => state === 'expired' || state === 'reloading');
    this.later(() => this.follow(source, manager, underWay, true));
  }

  /** Whether a tile in view did not come. */
  hasFailed(): boolean {
    return Object.entries(this.map.style.tileManagers).some(
      // The picture behind the map has holes where its source has none.
      ([name, manager]) => name !== 'backdrop' && tilesInView(manager).some(({ state }) => state === 'errored'),
    );
  }

  stop() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Returns those that are under way: what comes may be from before the change. */
  private fetchAgain(source: string, manager: TileManager, tiles: readonly Tile[]): Tile[] {
    const failed = tiles.filter(({ state }) => state === 'errored');
    const loaded = tiles.filter(({ state }) => state === 'loaded');
    beginAnew(manager, failed);
    if (loaded.length > 0)
      this.map.refreshTiles(
        source,
        loaded.map(({ tileID: { canonical } }) => ({ z: canonical.z, x: canonical.x, y: canonical.y })),
      );
    return tiles.filter((tile) => !failed.includes(tile) && !loaded.includes(tile));
  }

  /**
   * No event tells that an unchanged tile has come, so this asks now and then, as long as there is something to wait for. `shown`: the
   * tiles had something to show, so one that is `loading` failed just before `setTiles` came to it.
   */
  private follow(source: string, manager: TileManager, underWay: readonly Tile[], shown = false) {
    const still = underWay.filter((tile) => manager.getTileByID(tile.tileID.key) === tile);
    if (still.length === 0) return;
    const stuck = still.filter(({ state }) => shown && state === 'loading');
    beginAnew(manager, stuck);
    const rest = this.fetchAgain(
      source,
      manager,
      still.filter((tile) => !stuck.includes(tile)),
    );
    if (rest.length > 0) this.later(() => this.follow(source, manager, rest, shown));
  }

  private later(what: () => void) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      what();
    }, AGAIN_MS);
    this.timers.add(timer);
  }
}

function tilesInView(manager: TileManager): Tile[] {
  return manager
    .getIds()
    .map((id) => manager.getTileByID(id))
    .filter((tile): tile is Tile => !!tile);
}

/**
 * Takes tiles that show nothing out, and new ones in their place. Fetching a failed tile as one that is shown already would let a
 * change of the style ask a worker to parse again what that worker never had.
 */
function beginAnew(manager: TileManager, tiles: readonly Tile[]) {
  if (tiles.length === 0) return;
  for (const { tileID } of tiles) manager._removeTile(tileID.key);
  if (manager.transform) manager.update(manager.transform, manager.terrain);
}

/**
 * Tiles out of view are kept for when they come into view again, and `refreshTiles` does not reach them. MapLibre has no public way
 * to them but fetching everything again.
 */
function dropHiddenTiles(manager: TileManager, isStale: (tile: Tile) => boolean) {
  manager._outOfViewCache.filter((tile) => !isStale(tile));
}
