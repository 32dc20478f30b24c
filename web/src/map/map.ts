/** The map on the page: made once, then told what to show. */
import 'maplibre-gl/dist/maplibre-gl.css';
import {
  type ErrorEvent,
  type LngLat,
  Map as MapLibre,
  Marker,
  type Point,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
  type VectorTileSource,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { Bbox, StaleTiles } from '../api/types';
import type { Camera } from '../state/view';
import { ClickRouter, type Route } from './clickRouter';
import { TileRefresher } from './refresh';
import { layersOf } from './sources';
import { boxesOf } from './touched';

setWorkerUrl(workerUrl);

/** Pixels of the map that panels cover. */
export interface Covered {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface MapEvents {
  moved(camera: Camera): void;
  /** A tile did not come. */
  failed(): void;
  /** The picture behind the map did not come: that is another server's fault, and the map is whole without it. */
  backdropFailed(): void;
  /** Every tile in view has come after all. */
  healed(): void;
  routes: Route[];
  elsewhere(at: LngLat): void;
}

/** How close a search result or a link to a point is shown. */
const POINT_ZOOM = 17;
const WORLD: Bbox = [-180, -90, 180, 90];

export class GridMap {
  readonly map: MapLibre;
  private readonly router: ClickRouter;
  private readonly marker: Marker;
  private readonly refresher: TileRefresher;
  private style: StyleSpecification;
  private wanted: StyleSpecification | null = null;
  private ready = false;
  /** A tile failed, and was not there in the end. */
  private failing = false;
  private hoverFrame = 0;
  /** Whether clicks and hovering are the viewer's. */
  private listening = true;
  private hovered: { source: string; sourceLayer: string; id: string | number } | null = null;

  constructor(
    container: HTMLElement,
    style: StyleSpecification,
    private readonly events: MapEvents,
    private readonly covered: () => Covered,
  ) {
    this.style = style;
    this.map = new MapLibre({
      container,
      style,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      maxZoom: 20,
      minZoom: 2,
      fadeDuration: 150,
      center: [105, 34],
      zoom: 3,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 96, unit: 'metric' }), 'bottom-right');
    this.marker = new Marker({ element: markerElement(), anchor: 'bottom' });
    this.refresher = new TileRefresher(this.map);
    this.router = new ClickRouter(this.map, events.routes, events.elsewhere);
    this.map.on('style.load', () => {
      this.ready = true;
      this.applyWanted();
    });
    this.map.on('click', (event) => {
      if (this.listening) this.router.click(event.point, event.lngLat);
    });
    this.map.on('mousemove', (event) => {
      if (!this.listening) return;
      cancelAnimationFrame(this.hoverFrame);
      this.hoverFrame = requestAnimationFrame(() => this.hover(event.point));
    });
    this.map.on('mouseout', () => this.unhover());
    this.map.on('moveend', () => this.events.moved(this.camera()));
    this.map.on('error', (event) => this.onError(event));
    this.map.on('idle', () => {
      if (!this.failing || this.refresher.hasFailed()) return;
      this.failing = false;
      this.events.healed();
    });
    this.map.getCanvas().addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.listening)
        this.router.click(this.map.project(this.map.getCenter()), this.map.getCenter());
    });
  }

  /** Shows a style; what is equal to the one before stays as it is. */
  show(style: StyleSpecification) {
    this.wanted = style;
    if (this.ready) this.applyWanted();
  }

  private applyWanted() {
    const next = this.wanted;
    if (!next) return;
    this.wanted = null;
    // A changed tile URL would replace the source and blank the map for a moment; this keeps old tiles until new ones are there.
    for (const [name, source] of Object.entries(next.sources)) {
      const before = this.style.sources[name];
      if (source.type !== 'vector' || before?.type !== 'vector' || !source.tiles) continue;
      if (before.tiles?.[0] === source.tiles[0]) continue;
      this.map.getSource<VectorTileSource>(name)?.setTiles(source.tiles);
      this.refresher.afterSetTiles(name);
    }
    this.style = next;
    this.map.setStyle(next, { diff: true, transformStyle: keepData });
  }

  /** Fetches every tile again, those that failed too. The server answers 304 for those that did not change. */
  refresh() {
    this.refreshTouched([{ layers: Object.keys(this.style.sources).flatMap(layersOf), boxes: [WORLD] }]);
  }

  /** Fetches again just the tiles that show something else now. */
  refreshTouched(stale: readonly StaleTiles[]) {
    // Before the style is there, no tile was fetched.
    if (!this.ready) return;
    for (const source of Object.keys(this.style.sources)) {
      this.refresher.refresh(source, boxesOf(stale, layersOf(source)));
    }
  }

  camera(): Camera {
    const center = this.map.getCenter();
    return { lon: center.lng, lat: center.lat, zoom: this.map.getZoom() };
  }

  jumpTo(camera: Camera) {
    this.map.jumpTo({ center: [camera.lon, camera.lat], zoom: camera.zoom });
  }

  fit([west, south, east, north]: Bbox, animate = true) {
    const covered = this.covered();
    const margin = 24;
    this.map.fitBounds(
      [
        [west, south],
        [east, north],
      ],
      {
        padding: {
          top: covered.top + margin,
          right: covered.right + margin,
          bottom: covered.bottom + margin,
          left: covered.left + margin,
        },
        maxZoom: POINT_ZOOM,
        animate,
      },
    );
  }

  flyTo(lon: number, lat: number) {
    const { top, right, bottom, left } = this.covered();
    this.map.flyTo({
      center: [lon, lat],
      zoom: Math.max(this.map.getZoom(), POINT_ZOOM),
      offset: [(left - right) / 2, (top - bottom) / 2],
    });
  }

  /** Moves just enough that a point hidden by a panel is seen. */
  reveal(lon: number, lat: number) {
    const { top, right, bottom, left } = this.covered();
    const { x, y } = this.map.project([lon, lat]);
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const margin = 48;
    const dx = Math.min(0, x - left - margin) + Math.max(0, x - (width - right - margin));
    const dy = Math.min(0, y - top - margin) + Math.max(0, y - (height - bottom - margin));
    if (dx || dy) this.map.panBy([dx, dy]);
  }

  /** Moves the picture up by so many pixels, down when negative. */
  shift(up: number) {
    this.map.panBy([0, up]);
  }

  mark(at: { lon: number; lat: number } | null) {
    if (at) this.marker.setLngLat([at.lon, at.lat]).addTo(this.map);
    else this.marker.remove();
  }

  /** Leaves clicks and hovering to somebody else, or takes them back. */
  listen(on: boolean) {
    this.listening = on;
    cancelAnimationFrame(this.hoverFrame);
    this.unhover();
    this.map.getCanvas().style.cursor = '';
  }

  label(text: string) {
    this.map.getCanvas().setAttribute('aria-label', text);
  }

  remove() {
    this.refresher.stop();
    this.map.remove();
  }

  private hover(point: Point) {
    const feature = this.router.under(point);
    this.map.getCanvas().style.cursor = feature ? 'pointer' : '';
    const id = feature?.source === 'grid' ? feature.id : undefined;
    if (this.hovered?.id === id) return;
    this.unhover();
    if (!feature || id === undefined || !feature.sourceLayer) return;
    this.hovered = { source: feature.source, sourceLayer: feature.sourceLayer, id };
    this.map.setFeatureState(this.hovered, { hover: true });
  }

  private unhover() {
    if (this.hovered) this.map.setFeatureState(this.hovered, { hover: false });
    this.hovered = null;
  }

  private onError(event: ErrorEvent) {
    if (event.error instanceof Error && event.error.name === 'AbortError') return;
    if ((event as ErrorEvent & { sourceId?: string }).sourceId === 'backdrop') {
      this.events.backdropFailed();
      return;
    }
    this.failing = true;
    this.events.failed();
  }
}

/** What was put into a GeoJSON source since it was named in a style stays there. */
function keepData(before: StyleSpecification | undefined, next: StyleSpecification): StyleSpecification {
  const sources = Object.entries(next.sources).map(([name, source]) => {
    const known = before?.sources[name];
    return [name, source.type === 'geojson' && known?.type === 'geojson' ? known : source];
  });
  return { ...next, sources: Object.fromEntries(sources) };
}

function markerElement(): HTMLElement {
  const element = document.createElement('div');
  element.className = 'pin';
  element.setAttribute('aria-hidden', 'true');
  return element;
}
