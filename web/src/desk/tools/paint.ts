/** Blocks to the selected cell: with a brush, or by a rectangle. */
import type { Map as MapLibre } from 'maplibre-gl';
import { t } from '../../i18n';
import { say } from '../../state/app';
import type { Bbox, BlockRow, LonLat } from '../api/types';
import { blockIndex, brushRadius, editable, hovered, laid, painted, primary, select, sketch } from '../state/session';
import { run } from './actions';
import type { Spot, Tool } from './tool';

/** Whether painting would take the block: not what the cell has already, nor out of a locked cell. */
function isTaken(id: number, to: string): boolean {
  const now = laid.peek();
  const block = now?.blocks.get(id);
  if (!now || !block || block.cell === to) return false;
  return !now.cells.get(block.cell)?.locked;
}

function assign(blocks: ReadonlySet<number>, to: string) {
  if (blocks.size === 0) {
    painted.value = new Set();
    return;
  }
  void run({ op: 'assign', blocks: [...blocks], to }).then((answer) => {
    if (!answer) painted.value = new Set();
  });
}

/** The cell painted into: the selected one, or the one that the stroke begins in. */
function target(spot: Spot): string | null {
  if (!editable.peek()) return null;
  const chosen = spot.alt ? null : primary.peek();
  if (chosen) return chosen;
  const under = blockIndex.peek().at(spot.at)?.cell ?? null;
  if (under) select(under);
  else say(t('desk.paint.nocell'), true);
  return under;
}

export class BrushTool implements Tool {
  readonly name = 'brush';
  readonly cursor = 'crosshair';
  private stroke: { to: string; blocks: Set<number>; last: LonLat } | null = null;

  constructor(private readonly map: MapLibre) {}

  down(spot: Spot): boolean {
    const to = target(spot);
    if (!to) return false;
    this.stroke = { to, blocks: new Set(), last: spot.at };
    this.drag(spot);
    return true;
  }

  drag(spot: Spot) {
    const { stroke } = this;
    if (!stroke) return;
    const index = blockIndex.peek();
    const radius = this.radius();
    // Between two events a quick hand passes blocks: step through them.
    const [from, to] = [this.map.project(stroke.last), this.map.project(spot.at)];
    const pace = Math.max(4, brushRadius.peek());
    const steps = Math.min(64, Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / pace)));
    const before = stroke.blocks.size;
    for (let i = 1; i <= steps; i += 1) {
      const at: LonLat = [
        stroke.last[0] + ((spot.at[0] - stroke.last[0]) * i) / steps,
        stroke.last[1] + ((spot.at[1] - stroke.last[1]) * i) / steps,
      ];
      const under: (BlockRow | undefined)[] = radius > 0 ? index.near(at, radius) : [index.at(at)];
      for (const block of under) if (block && isTaken(block.id, stroke.to)) stroke.blocks.add(block.id);
    }
    stroke.last = spot.at;
    if (stroke.blocks.size > before) painted.value = new Set(stroke.blocks);
    this.circle(spot);
  }

  drop() {
    const { stroke } = this;
    this.stroke = null;
    sketch.value = [];
    if (stroke) assign(stroke.blocks, stroke.to);
  }

  cancel() {
    this.stroke = null;
    painted.value = new Set();
    sketch.value = [];
  }

  hover(spot: Spot | null) {
    hovered.value = spot ? (blockIndex.peek().at(spot.at)?.cell ?? null) : null;
    if (spot && !spot.touch) this.circle(spot);
    else sketch.value = [];
  }

  menu(spot: Spot) {
    const under = blockIndex.peek().at(spot.at)?.cell;
    if (under) select(under);
  }

  leave() {
    this.cancel();
    hovered.value = null;
  }

  /** The brush's radius on the ground, metres. */
  private radius(): number {
    return brushRadius.peek() * this.metresPerPixel();
  }

  private metresPerPixel(): number {
    const { lat } = this.map.getCenter();
    return (40_075_017 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** this.map.getZoom());
  }

  private circle({ at }: Spot) {
    const radius = this.radius();
    if (radius === 0) return;
    const { scale } = blockIndex.peek();
    const ring = Array.from({ length: 33 }, (_, i): LonLat => {
      const turn = (i * Math.PI) / 16;
      return [at[0] + (radius * Math.cos(turn)) / scale.x, at[1] + (radius * Math.sin(turn)) / scale.y];
    });
    sketch.value = [{ role: 'circle', geometry: { type: 'Polygon', coordinates: [ring] } }];
  }
}

export class BoxTool implements Tool {
  readonly name = 'box';
  readonly cursor = 'crosshair';
  private stroke: { to: string; from: LonLat; blocks: Set<number> } | null = null;

  down(spot: Spot): boolean {
    const to = target(spot);
    if (!to) return false;
    this.stroke = { to, from: spot.at, blocks: new Set() };
    return true;
  }

  drag(spot: Spot) {
    const { stroke } = this;
    if (!stroke) return;
    const [w, e] = [Math.min(stroke.from[0], spot.at[0]), Math.max(stroke.from[0], spot.at[0])];
    const [s, n] = [Math.min(stroke.from[1], spot.at[1]), Math.max(stroke.from[1], spot.at[1])];
    const box: Bbox = [w, s, e, n];
    stroke.blocks = new Set(
      blockIndex
        .peek()
        .within(box)
        .map(({ id }) => id)
        .filter((id) => isTaken(id, stroke.to)),
    );
    painted.value = stroke.blocks;
    const ring = [
      [w, s],
      [e, s],
      [e, n],
      [w, n],
      [w, s],
    ];
    sketch.value = [{ role: 'box', geometry: { type: 'Polygon', coordinates: [ring] } }];
  }

  drop() {
    const { stroke } = this;
    this.stroke = null;
    sketch.value = [];
    if (stroke) assign(stroke.blocks, stroke.to);
  }

  cancel() {
    this.stroke = null;
    painted.value = new Set();
    sketch.value = [];
  }

  hover(spot: Spot | null) {
    hovered.value = spot ? (blockIndex.peek().at(spot.at)?.cell ?? null) : null;
  }

  menu(spot: Spot) {
    const under = blockIndex.peek().at(spot.at)?.cell;
    if (under) select(under);
  }

  leave() {
    this.cancel();
    hovered.value = null;
  }
}
