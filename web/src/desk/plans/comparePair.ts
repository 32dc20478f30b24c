/** Two maps that always show the same place. */
import fontUrl from '@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff2?url';
import { Map as MapLibre, type MapOptions, type StyleSpecification } from 'maplibre-gl';
// Names the worker that parses tiles.
import '../../map/map';
import type { Bbox } from '../../api/types';
import { FONT } from './compareStyle';

const OPTIONS: Omit<MapOptions, 'container' | 'style'> = {
  attributionControl: false,
  dragRotate: false,
  pitchWithRotate: false,
  maxPitch: 0,
  maxZoom: 20,
  minZoom: 8,
  fadeDuration: 0,
};

const withFont = (style: StyleSpecification): StyleSpecification => ({
  ...style,
  'font-faces': { [FONT]: new URL(fontUrl, location.href).href },
});

export class ComparePair {
  private readonly maps: [MapLibre, MapLibre];
  private following = false;
  /** What a map is to show as soon as its first style is there. */
  private readonly wanted: [StyleSpecification | null, StyleSpecification | null] = [null, null];
  private readonly ready: [boolean, boolean] = [false, false];

  /** @throws when the browser cannot draw maps. */
  constructor(containers: [HTMLElement, HTMLElement], styles: [StyleSpecification, StyleSpecification], bounds: Bbox) {
    const view = { bounds: bounds as [number, number, number, number], fitBoundsOptions: { padding: 32 } };
    const first = new MapLibre({ ...OPTIONS, ...view, container: containers[0], style: withFont(styles[0]) });
    let second: MapLibre;
    try {
      second = new MapLibre({ ...OPTIONS, ...view, container: containers[1], style: withFont(styles[1]) });
    } catch (cause) {
      first.remove();
      throw cause;
    }
    this.maps = [first, second];
    for (const [index, map] of this.maps.entries()) {
      map.once('style.load', () => {
        this.ready[index] = true;
        this.applyWanted();
      });
      map.touchZoomRotate.disableRotation();
      map.keyboard.disableRotation();
    }
    first.on('move', () => this.follow(first, second));
    second.on('move', () => this.follow(second, first));
  }

  /** Each map's picture; what is equal to the one before stays as it is. */
  show(styles: [StyleSpecification, StyleSpecification]) {
    for (const index of [0, 1] as const) this.wanted[index] = styles[index];
    this.applyWanted();
  }

  private applyWanted() {
    for (const [index, map] of this.maps.entries()) {
      const style = this.wanted[index];
      if (!style || !this.ready[index]) continue;
      this.wanted[index] = null;
      map.setStyle(withFont(style), { diff: true });
    }
  }

  label(texts: [string, string]) {
    this.maps.forEach((map, index) => {
      map.getCanvas().setAttribute('aria-label', texts[index] ?? '');
    });
  }

  fit(bounds: Bbox) {
    this.maps[0].fitBounds(bounds as [number, number, number, number], { padding: 48, maxZoom: 17 });
  }

  zoom(by: 1 | -1) {
    this.maps[0].zoomTo(this.maps[0].getZoom() + by);
  }

  /** For tests: the maps themselves. */
  get both(): readonly MapLibre[] {
    return this.maps;
  }

  remove() {
    for (const map of this.maps) map.remove();
  }

  private follow(leader: MapLibre, follower: MapLibre) {
    if (this.following) return;
    this.following = true;
    follower.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() });
    this.following = false;
  }
}
