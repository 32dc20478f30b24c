/** Decides whom a click on the map belongs to: the first route, from the top of the picture down, that has something there. */
import type { LngLat, MapGeoJSONFeature, Map as MapLibre, Point } from 'maplibre-gl';

export interface Route {
  /** Style layers, any of which may be missing from the style. */
  layers: string[];
  /** Pixels around the pointer within which small things are still hit. */
  reach?: number;
  /** Returns whether it took the click. */
  handle(feature: MapGeoJSONFeature, at: LngLat): boolean;
}

export class ClickRouter {
  constructor(
    private readonly map: MapLibre,
    private readonly routes: Route[],
    private readonly otherwise: (at: LngLat) => void,
  ) {}

  click(point: Point, at: LngLat) {
    for (const route of this.routes) {
      const feature = this.top(route, point);
      if (feature && route.handle(feature, at)) return;
    }
    this.otherwise(at);
  }

  /** What a click here would meet first. */
  under(point: Point): MapGeoJSONFeature | null {
    for (const route of this.routes) {
      const feature = this.top(route, point);
      if (feature) return feature;
    }
    return null;
  }

  private top(route: Route, point: Point): MapGeoJSONFeature | undefined {
    const layers = route.layers.filter((id) => this.map.getLayer(id));
    if (layers.length === 0) return undefined;
    const reach = route.reach ?? 0;
    const area: [[number, number], [number, number]] = [
      [point.x - reach, point.y - reach],
      [point.x + reach, point.y + reach],
    ];
    return this.map.queryRenderedFeatures(reach ? area : point, { layers })[0];
  }
}
