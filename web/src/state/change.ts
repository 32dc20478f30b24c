/** Areas by how many more or fewer issues they have than in the period compared with. */
import type { AreaCount, AreaLevel, Counts } from '../api/types';
import { type ClassRange, classOf, type Measure, quantileBreaks, type Shading } from './choropleth';

/** Classes of falling and of rising numbers each; the scale has a colour for each of them. */
const STEPS = 3;

export interface ChangeClass {
  /** Negative for fewer, 0 for as many, positive for more. */
  step: number;
  /** How many more or fewer, without the sign. */
  range: ClassRange;
  codes: string[];
}

export interface Change {
  measure: Measure;
  /** From the greatest rise to the greatest fall, as many of each. */
  classes: ChangeClass[];
}

/** Whether the answer has the numbers of a period to compare with. */
export function hasBefore(counts: Counts): boolean {
  return counts.counts.some(({ before }) => typeof before === 'number');
}

/** Issues more than before, or that per 100 households; `null` where a rate means nothing. */
function difference({ total, before, households }: AreaCount, measure: Measure): number | null {
  const more = total - (before ?? 0);
  if (measure === 'count') return more;
  return households > 0 ? (more / households) * 100 : null;
}

/** Rises and falls are cut at the same limits, so that equal colours are equal changes. */
export function classifyChange(counts: Counts, measure: Measure): Change {
  const valued = counts.counts.flatMap((count) => {
    const value = difference(count, measure);
    return value === null ? [] : [{ code: count.code, value }];
  });
  const sizes = valued.map(({ value }) => Math.abs(value)).filter((size) => size > 0);
  const limits = quantileBreaks(sizes, STEPS);
  const steps = sizes.length > 0 ? limits.length + 1 : 0;
  const stepOf = (value: number) => (value === 0 ? 0 : Math.sign(value) * (1 + classOf(Math.abs(value), limits)));
  const rangeOf = (step: number): ClassRange => {
    const size = Math.abs(step);
    if (size === 0) return { from: 0, below: 0 };
    const least = measure === 'count' ? 1 : 0;
    return { from: limits[size - 2] ?? least, below: limits[size - 1] ?? null };
  };
  const classes = Array.from({ length: 2 * steps + 1 }, (_, index): ChangeClass => {
    const step = steps - index;
    return {
      step,
      range: rangeOf(step),
      codes: valued.filter(({ value }) => stepOf(value) === step).map(({ code }) => code),
    };
  });
  return { measure, classes };
}

/** The place in the diverging scale of a step out of so many on each side. */
export function divergingIndex(step: number, steps: number): number {
  return STEPS + Math.sign(step) * (steps === 0 ? 0 : Math.ceil((Math.abs(step) * STEPS) / steps));
}

export function shadeChange(level: AreaLevel, { classes }: Change): Shading {
  const steps = (classes.length - 1) / 2;
  return {
    level,
    scale: 'diverging',
    classes: classes.map(({ step, codes }) => ({ codes, colour: divergingIndex(step, steps) })),
  };
}

/** An area's issues in both periods. */
export interface Compared {
  now: number;
  before: number;
}

/** What lies within an area by the counts of its cells; `null` where none of them was compared. */
export function compareWithin(counts: Counts, code: string): Compared | null {
  const rows = counts.counts.filter((row) => row.code.startsWith(code) && typeof row.before === 'number');
  if (rows.length === 0) return null;
  return rows.reduce<Compared>(
    (sum, { total, before }) => ({ now: sum.now + total, before: sum.before + (before ?? 0) }),
    { now: 0, before: 0 },
  );
}

/** The change as a share of what was; `null` when there was nothing. */
export function relativeChange({ now, before }: Compared): number | null {
  return before > 0 ? (now - before) / before : null;
}
