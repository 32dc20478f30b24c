/** Areas that, with their neighbours, have significantly more or fewer issues than the whole (Getis-Ord Gi*). */
import type { AreaLevel, Hotspots } from '../api/types';
import type { Shading } from './choropleth';

/** From cold to hot; the size is the confidence. */
export const BINS = [-3, -2, -1, 0, 1, 2, 3] as const;
export type Bin = (typeof BINS)[number];

/** Percent of confidence by a bin's size. */
const CONFIDENCE = [0, 90, 95, 99] as const;

export const confidenceOf = (bin: number): number => CONFIDENCE[Math.abs(bin)] ?? 0;

export type HotspotClass = 'hot' | 'cold' | 'none' | 'unknown';

/** What is said of an area. */
export function hotspotClass(z: number | null | undefined, bin: number): HotspotClass {
  if (typeof z !== 'number') return 'unknown';
  return bin > 0 ? 'hot' : bin < 0 ? 'cold' : 'none';
}

/** The place of a bin in the diverging scale. */
export const binColour = (bin: number): number => bin + 3;

/** Areas about which nothing can be said stay clear. */
export function shadeHotspots({ level, areas }: Hotspots): Shading {
  return {
    level: level as AreaLevel,
    scale: 'diverging',
    classes: BINS.map((bin) => ({
      codes: areas.filter((area) => area.bin === bin && typeof area.z === 'number').map(({ code }) => code),
      colour: binColour(bin),
    })),
  };
}

/** Nothing stands out where nobody lives and where all areas measure the same. */
export function isMute({ areas }: Hotspots): boolean {
  return areas.every(({ z }) => typeof z !== 'number');
}
