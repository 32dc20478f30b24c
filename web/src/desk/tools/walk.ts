/**
 * The tools without a pointer: step along the border of two cells from block to block, or from vertex to vertex, and do there what
 * the hand would do.
 */
import { computed, signal } from '@preact/signals';
import { formatNumber, t } from '../../i18n';
import { say } from '../../state/app';
import type { LonLat } from '../api/types';
import { withVertexMoved } from '../model/boundaries';
import { nameOf } from '../model/laid';
import { distance, keyOf, snapped } from '../model/plane';
import {
  blockIndex,
  boundaries,
  editable,
  laid,
  neighbour,
  primary,
  selected,
  show,
  shownBlock,
  sketch,
  tool,
} from '../state/session';
import { run } from './actions';
import { setSplitLine, splitLine } from './split';

/** Whether the selected cell gives blocks to its neighbour or takes from it. */
export const giving = signal(true);
/** The vertex that the keyboard has hold of, and where it would go. */
export const heldVertex = signal<{ at: LonLat; to: LonLat } | null>(null);

const ends = computed(() => {
  const [from, to] = [primary.value, neighbour.value];
  if (!from || !to) return null;
  return giving.value ? { from, to } : { from: to, to: from };
});
export const walkEnds = ends;

/** Blocks along the border that could be moved over, in the order of the border. */
export const borderBlocks = computed(() => {
  if (!ends.value) return [];
  const { from, to } = ends.value;
  const index = blockIndex.value;
  const line = boundaries.value.between(from, to).flat();
  const place = (at: LonLat | null) => {
    if (!at) return 0;
    let best = 0;
    let least = Infinity;
    line.forEach((point, i) => {
      const far = distance(point, at, index.scale);
      if (far < least) [least, best] = [far, i];
    });
    return best;
  };
  return index
    .along(from, to)
    .map((block) => ({ block, place: place(block.at) }))
    .sort((a, b) => a.place - b.place || a.block.id - b.block.id)
    .map(({ block }) => block);
});

/** Vertices the keyboard steps through: of the border with the neighbour, or of the cell's own boundary when it is to be split. */
export const walkVertices = computed<LonLat[]>(() => {
  const cell = primary.value;
  if (!cell) return [];
  const bounds = boundaries.value;
  if (tool.value === 'split') return laid.value?.cells.get(cell)?.geometry[0]?.[0]?.slice(1) ?? [];
  if (!neighbour.value) return [];
  return bounds
    .between(cell, neighbour.value)
    .flat()
    .filter((at) => !bounds.vertices.get(keyOf(at))?.fixed);
});

export function chooseNeighbour(code: string) {
  const now = laid.peek();
  const cell = primary.peek();
  if (!now || !cell) return;
  letGo();
  neighbour.value = code;
  // What is too large gives.
  giving.value = (now.deviations.get(cell) ?? 0) >= (now.deviations.get(code) ?? 0);
  say(t('desk.walk.neighbour', { name: nameOf(now, code), count: borderBlocks.value.length }));
}

/** The next border block or vertex, or the one before. */
export function step(by: 1 | -1) {
  if (tool.peek() === 'vertex' || tool.peek() === 'split') stepVertex(by);
  else stepBlock(by);
}

function stepBlock(by: 1 | -1) {
  const now = laid.peek();
  const blocks = borderBlocks.value;
  if (!now || !ends.value || blocks.length === 0) {
    say(t(neighbour.peek() ? 'desk.walk.none' : 'desk.walk.choose'), true);
    return;
  }
  const at = blocks.findIndex(({ id }) => id === shownBlock.peek());
  const next = at < 0 ? (by > 0 ? 0 : blocks.length - 1) : (at + by + blocks.length) % blocks.length;
  const block = blocks[next];
  if (!block) return;
  shownBlock.value = block.id;
  if (block.at) show(block.at);
  say(
    t('desk.walk.block', {
      number: next + 1,
      count: blocks.length,
      households: formatNumber(block.households),
      name: nameOf(now, ends.value.to),
    }),
  );
}

/** Moves the block shown over, and shows the one that takes its place. */
export async function moveShown(): Promise<void> {
  const id = shownBlock.peek();
  const to = ends.value?.to;
  const keep = selected.peek();
  const beside = neighbour.peek();
  if (id === null || !to || !editable.peek()) return;
  const place = borderBlocks.value.findIndex((block) => block.id === id);
  const answer = await run({ op: 'assign', blocks: [id], to });
  if (!answer) return;
  selected.value = keep;
  neighbour.value = beside;
  const next = borderBlocks.value[Math.min(place, borderBlocks.value.length - 1)];
  shownBlock.value = next?.id ?? null;
  if (next?.at) show(next.at);
}

function stepVertex(by: 1 | -1) {
  const vertices = walkVertices.value;
  if (vertices.length === 0) {
    say(t(tool.peek() === 'split' ? 'desk.walk.cell' : 'desk.walk.choose'), true);
    return;
  }
  const held = heldVertex.peek();
  const at = held ? vertices.findIndex((vertex) => keyOf(vertex) === keyOf(held.at)) : -1;
  const next = at < 0 ? (by > 0 ? 0 : vertices.length - 1) : (at + by + vertices.length) % vertices.length;
  const vertex = vertices[next];
  if (!vertex) return;
  heldVertex.value = { at: vertex, to: vertex };
  drawHeld();
  show(vertex);
  say(t('desk.walk.vertex', { number: next + 1, count: vertices.length }));
}

/** Moves the vertex held by so many metres east and north. */
export function nudge(east_m: number, north_m: number) {
  const held = heldVertex.peek();
  if (!held) return;
  const { scale } = blockIndex.peek();
  const to = snapped([held.to[0] + east_m / scale.x, held.to[1] + north_m / scale.y]);
  heldVertex.value = { at: held.at, to };
  drawHeld();
  say(t('desk.walk.moved', { metres: formatNumber(distance(held.at, to, scale), 1) }));
}

function drawHeld() {
  const held = heldVertex.peek();
  if (!held) return;
  if (tool.peek() === 'split') {
    setSplitLine(splitLine.peek());
    sketch.value = [...sketch.peek(), { role: 'held', geometry: { type: 'Point', coordinates: held.at } }];
    return;
  }
  const key = keyOf(held.at);
  const moved = keyOf(held.to) !== key;
  const cells = [...(boundaries.peek().vertices.get(key)?.cells ?? [])].flatMap(
    (code) => laid.peek()?.cells.get(code) ?? [],
  );
  sketch.value = [
    ...(moved
      ? cells.map(({ geometry }) => ({
          role: 'area' as const,
          geometry: { type: 'MultiPolygon' as const, coordinates: withVertexMoved(geometry, key, held.to) },
        }))
      : []),
    { role: 'held', geometry: { type: 'Point', coordinates: held.to } },
  ];
}

/** Does what the vertex held is for. Returns whether there was one. */
export function commitHeld(): boolean {
  const held = heldVertex.peek();
  if (!held || !editable.peek()) return false;
  if (tool.peek() === 'split') {
    const line = splitLine.peek();
    if (line.length >= 2) return false;
    setSplitLine([...line, held.at]);
    say(t('desk.walk.picked', { count: line.length + 1 }));
    return true;
  }
  if (keyOf(held.at) === keyOf(held.to)) return false;
  const beside = neighbour.peek();
  void run({ op: 'move_vertex', from: held.at, to: held.to }).then((answer) => {
    neighbour.value = beside;
    heldVertex.value = answer ? { at: held.to, to: held.to } : held;
    drawHeld();
  });
  return true;
}

export function deleteHeld(): boolean {
  const held = heldVertex.peek();
  if (!held || !editable.peek() || tool.peek() !== 'vertex') return false;
  letGo();
  void run({ op: 'delete_vertex', at: held.at });
  return true;
}

/** A vertex more in the middle of the edge after the one held, and hold of it. */
export function insertAfterHeld(): boolean {
  const held = heldVertex.peek();
  if (!held || !editable.peek() || tool.peek() !== 'vertex') return false;
  const vertices = walkVertices.value;
  const at = vertices.findIndex((vertex) => keyOf(vertex) === keyOf(held.at));
  const after = vertices[at + 1] ?? vertices[at - 1];
  if (!after) return false;
  const middle = snapped([(held.at[0] + after[0]) / 2, (held.at[1] + after[1]) / 2]);
  const beside = neighbour.peek();
  void run({ op: 'insert_vertex', edge: [held.at, after], at: middle }).then((answer) => {
    if (!answer) return;
    neighbour.value = beside;
    heldVertex.value = { at: middle, to: middle };
    drawHeld();
  });
  return true;
}

/** Lets go of what the keyboard has hold of. Returns whether there was anything. */
export function letGo(): boolean {
  const any = heldVertex.peek() !== null || shownBlock.peek() !== null;
  heldVertex.value = null;
  shownBlock.value = null;
  if (any) {
    sketch.value = [];
  }
  return any;
}
