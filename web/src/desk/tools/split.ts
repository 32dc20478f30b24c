/** A cell along a drawn line. What it would make is shown while the line grows. */

import { signal } from '@preact/signals';
import type { Answer, CellRow, LonLat } from '../api/types';
import { snapped } from '../model/plane';
import {
  blockIndex,
  cutBlocks,
  editable,
  hovered,
  laid,
  primary,
  type Sketch,
  select,
  sketch,
  store,
} from '../state/session';
import { isRefusal, type Refusal } from '../state/store';
import { run } from './actions';
import type { Spot, Tool } from './tool';

/** The line so far, and what the server says it would do. */
export const splitLine = signal<readonly LonLat[]>([]);
export const splitPreview = signal<Answer | Refusal | null>(null);

let trial = 0;

function draw(tip: LonLat | null = null) {
  const line = splitLine.peek();
  const shapes: Sketch[] = [];
  const preview = splitPreview.peek();
  if (preview && !isRefusal(preview)) {
    for (const { geometry } of partsOf(preview)) {
      shapes.push({ role: 'trail', geometry: { type: 'MultiLineString', coordinates: geometry.flat() } });
    }
  }
  if (line.length > 1) shapes.push({ role: 'line', geometry: { type: 'LineString', coordinates: [...line] } });
  const last = line.at(-1);
  if (last && tip) shapes.push({ role: 'trail', geometry: { type: 'LineString', coordinates: [last, tip] } });
  for (const at of line) shapes.push({ role: 'handle', geometry: { type: 'Point', coordinates: at } });
  sketch.value = shapes;
}

function cellOfLine(): string | null {
  const line = splitLine.peek();
  const chosen = primary.peek();
  if (chosen) return chosen;
  const [a, b] = line;
  if (!a || !b) return null;
  const middle: LonLat = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return blockIndex.peek().at(middle)?.cell ?? null;
}

/** What the cell would become: itself and what is new, not the neighbours that only have another neighbour. */
export function partsOf({ changed }: Answer): CellRow[] {
  const known = laid.peek()?.cells;
  const cell = cellOfLine();
  return changed.cells.filter(({ code }) => code === cell || !known?.has(code));
}

async function attempt() {
  trial += 1;
  const mine = trial;
  splitPreview.value = null;
  const cell = cellOfLine();
  const line = splitLine.peek();
  const open = store.peek();
  if (!cell || !open || line.length < 2) return;
  const answer = await open.attempt({ op: 'split', cell, line: [...line], cut_blocks: cutBlocks.peek() });
  if (mine !== trial) return;
  splitPreview.value = answer;
  draw();
}

export function setSplitLine(line: readonly LonLat[]) {
  splitLine.value = line;
  splitPreview.value = null;
  draw();
  void attempt();
}

export function dropLine() {
  trial += 1;
  splitLine.value = [];
  splitPreview.value = null;
  sketch.value = [];
}

export async function finishSplit() {
  const cell = cellOfLine();
  const line = [...splitLine.peek()];
  if (!cell || line.length < 2) return;
  dropLine();
  const answer = await run({ op: 'split', cell, line, cut_blocks: cutBlocks.peek() });
  // The line is given back to be mended where it was refused.
  if (!answer && splitLine.peek().length === 0) {
    splitLine.value = line;
    draw();
  }
}

export class SplitTool implements Tool {
  readonly name = 'split';
  readonly cursor = 'crosshair';

  click(spot: Spot) {
    if (!laid.peek() || !editable.peek()) return;
    const at = snapped(spot.at);
    const last = splitLine.peek().at(-1);
    // A double click is two clicks at one place.
    if (last && last[0] === at[0] && last[1] === at[1]) return;
    setSplitLine([...splitLine.peek(), at]);
  }

  doubleClick() {
    void finishSplit();
  }

  hover(spot: Spot | null) {
    hovered.value = spot && !primary.peek() ? (blockIndex.peek().at(spot.at)?.cell ?? null) : null;
    if (splitLine.peek().length) draw(spot?.at ?? null);
  }

  menu(spot: Spot) {
    const under = blockIndex.peek().at(spot.at)?.cell;
    if (under) select(under);
  }

  key({ key }: KeyboardEvent): boolean {
    const line = splitLine.peek();
    if (line.length === 0) return false;
    if (key === 'Enter') void finishSplit();
    else if (key === 'Escape') dropLine();
    else if (key === 'Backspace') setSplitLine(line.slice(0, -1));
    else return false;
    return true;
  }

  leave() {
    dropLine();
    hovered.value = null;
  }
}
