/** Five classes of areas by their issues. The map colours and the legend explain the same classes. */
import type { AreaCount, AreaLevel, Counts } from '../api/types';

export type Measure = 'count' | 'rate';
export const CLASS_COUNT = 5;

/** How the map colours the areas of a level: by class, each with its colour's place in the theme's scale. */
export interface Shading {
  level: AreaLevel;
  scale: 'choropleth' | 'diverging';
  classes: { codes: string[]; colour: number }[];
}

export interface ClassRange {
  /** Lowest value of the class. */
  from: number;
  /** First value beyond the class; `null` for the last. */
  below: number | null;
}

export interface Classes {
  measure: Measure;
  /** Rising, at most four. Fewer when many areas are alike: quantiles that coincide make no class between them. */
  breaks: number[];
  ranges: ClassRange[];
  /** Codes by class, each class in the order of the ranges. */
  codes: string[][];
}

/** Issues per 100 households; `null` where nobody lives. */
export function ratePer100(count: AreaCount): number | null {
  return count.households > 0 ? (count.total / count.households) * 100 : null;
}

/** A value equal to a break begins the higher class. */
export function classOf(value: number, breaks: readonly number[]): number {
  let index = 0;
  while (index < breaks.length && value >= (breaks[index] ?? Infinity)) index += 1;
  return index;
}

/** Distinct limits that cut the values into so many classes of about equal size. */
export function quantileBreaks(values: readonly number[], classes = CLASS_COUNT): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const breaks: number[] = [];
  for (let k = 1; k < classes; k += 1) {
    const limit = sorted[Math.floor((sorted.length * k) / classes)];
    if (limit !== undefined && limit > (breaks.at(-1) ?? sorted[0] ?? 0)) breaks.push(limit);
  }
  return breaks;
}

export function rangesOf(breaks: readonly number[]): ClassRange[] {
  return [0, ...breaks].map((from, index) => ({ from, below: breaks[index] ?? null }));
}

/** Counts take the API's breaks; rates are cut here, from the same counts. */
export function classify(counts: Counts, measure: Measure): Classes {
  const valued = counts.counts.flatMap((count) => {
    const value = measure === 'count' ? count.total : ratePer100(count);
    return value === null ? [] : [{ code: count.code, value }];
  });
  const limits = measure === 'count' ? counts.breaks : quantileBreaks(valued.map(({ value }) => value));
  // A limit of zero would leave an empty class below it.
  const breaks = [...new Set(limits)].filter((limit) => limit > 0).sort((a, b) => a - b);
  const codes: string[][] = Array.from({ length: breaks.length + 1 }, () => []);
  for (const { code, value } of valued) codes[classOf(value, breaks)]?.push(code);
  return { measure, breaks, ranges: rangesOf(breaks), codes };
}

/** Which of the scale's five colours a class takes: classes spread over the whole scale when there are fewer. */
export function colourIndex(index: number, classes: number): number {
  return classes <= 1 ? 0 : Math.round((index * (CLASS_COUNT - 1)) / (classes - 1));
}

export function shadeTotals(level: AreaLevel, { codes }: Classes): Shading {
  return {
    level,
    scale: 'choropleth',
    classes: codes.map((inClass, index) => ({ codes: inClass, colour: colourIndex(index, codes.length) })),
  };
}
