/** Basic cells by their households, in classes of half the tolerance, so that a class is either within the tolerance or beyond. */
import type { Laid } from './laid';

export interface Bin {
  /** Deviation from the mean where the class begins, as a share. */
  from: number;
  /** Where it ends. */
  to: number;
  codes: string[];
}

/** Classes each side of the mean; the outermost take whatever lies beyond. */
const SIDE = 6;

export function histogram({ deviations, tolerance }: Laid): Bin[] {
  const width = tolerance / 2;
  const bins = Array.from(
    { length: 2 * SIDE },
    (_, i): Bin => ({ from: (i - SIDE) * width, to: (i - SIDE + 1) * width, codes: [] }),
  );
  for (const [code, deviation] of deviations) {
    // Exactly at the tolerance is within it, on either side.
    const place = deviation > 0 ? Math.ceil(deviation / width - 1e-9) - 1 : Math.floor(deviation / width + 1e-9);
    bins[Math.min(2 * SIDE - 1, Math.max(0, place + SIDE))]?.codes.push(code);
  }
  return bins;
}
