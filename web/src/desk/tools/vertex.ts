/** Vertices of the boundaries between cells: drag one, drag an edge's middle for a new one, take one away. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { Bbox, CellRow, LonLat } from '../api/types';
import {
  type Edge,
  nearestEdge,
  nearestVertex,
  type Vertex,
  withVertexInserted,
  withVertexMoved,
} from '../model/boundaries';
import { distance, edgeKey, type Scale, snapped } from '../model/plane';
import {
  blockIndex,
  boundaries,
  editable,
  hovered,
  laid,
  primary,
  type Sketch,
  select,
  sketch,
} from '../state/session';
import { run } from './actions';
import type { Spot, Tool } from './tool';

/** Pixels around the pointer in which handles are shown, and in which one is hit. */
const SHOWN = 150;
const REACH = 11;
const REACH_TOUCH = 22;
/** Handles at once at most, and the shortest edge, in pixels, whose middle can be taken. */
const MOST = 400;
const MIDDLE_MIN = 22;

type Held =
  | { kind: 'vertex'; vertex: Vertex; cells: CellRow[] }
  | { kind: 'middle'; edge: Edge; middle: LonLat; cells: CellRow[] };

export class VertexTool implements Tool {
  readonly name = 'vertex';
  readonly cursor = 'default';
  private held: Held | null = null;
  private to: LonLat | null = null;
  private over: Vertex | null = null;
  private frame = 0;

  constructor(private readonly map: MapLibre) {}

  down(spot: Spot): boolean {
    if (!editable.peek()) return false;
    const reach = this.metres(spot.touch ? REACH_TOUCH : REACH);
    const bounds = boundaries.peek();
    const { scale } = blockIndex.peek();
    const near = this.boxAround(spot, spot.touch ? REACH_TOUCH : REACH);
    const vertex = nearestVertex(bounds.verticesIn(near), spot.at, reach, scale);
    const middles = bounds.sharedEdgesIn(near).filter((edge) => this.isLong(edge));
    const edge = nearestMiddle(middles, spot.at, reach, scale);
    // Of two within reach, what is nearer is meant.
    const far = (at: LonLat) => distance(at, spot.at, scale);
    if (edge && (!vertex || far(middleOf(edge)) < far(vertex.at))) {
      this.held = { kind: 'middle', edge, middle: middleOf(edge), cells: this.rows(edge.cells) };
    } else if (vertex && !vertex.fixed) {
      this.held = { kind: 'vertex', vertex, cells: this.rows(vertex.cells) };
    } else {
      if (spot.touch) this.handles(spot);
      return false;
    }
    return true;
  }

  drag(spot: Spot) {
    this.to = snapped(spot.at);
    // One drawing a frame, however many events come.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  drop() {
    const { held, to } = this;
    cancelAnimationFrame(this.frame);
    this.held = null;
    this.to = null;
    if (!held || !to) {
      rest();
      return;
    }
    const done =
      held.kind === 'vertex'
        ? run({ op: 'move_vertex', from: held.vertex.at, to })
        : run({ op: 'insert_vertex', edge: [held.edge.a, held.edge.b], at: to });
    void done.finally(rest);
  }

  cancel() {
    cancelAnimationFrame(this.frame);
    this.held = null;
    this.to = null;
    rest();
  }

  hover(spot: Spot | null) {
    if (!spot) {
      this.over = null;
      sketch.value = [];
      return;
    }
    this.handles(spot);
    this.map.getCanvas().style.cursor = this.over && !this.over.fixed ? 'grab' : 'default';
  }

  click(spot: Spot) {
    const under = blockIndex.peek().at(spot.at)?.cell;
    if (under) select(under, spot.shift);
  }

  menu(spot: Spot) {
    const { scale } = blockIndex.peek();
    const near = boundaries.peek().verticesIn(this.boxAround(spot, REACH_TOUCH));
    const vertex = nearestVertex(near, spot.at, this.metres(spot.touch ? REACH_TOUCH : REACH), scale);
    if (vertex) this.remove(vertex);
  }

  key({ key }: KeyboardEvent): boolean {
    if (key === 'Escape' && this.held) {
      this.cancel();
      return true;
    }
    if ((key === 'Delete' || key === 'Backspace') && this.over && !this.over.fixed) {
      this.remove(this.over);
      return true;
    }
    return false;
  }

  leave() {
    this.cancel();
    this.over = null;
    hovered.value = null;
  }

  private remove(vertex: Vertex) {
    void run({ op: 'delete_vertex', at: vertex.at });
  }

  private rows(codes: Iterable<string>): CellRow[] {
    const cells = laid.peek()?.cells;
    return [...codes].flatMap((code) => cells?.get(code) ?? []);
  }

  /** The cells as they would be. */
  private draw() {
    const { held, to } = this;
    if (!held || !to) return;
    const shapes = held.cells.map(
      ({ geometry }): Sketch => ({
        role: 'area',
        geometry: {
          type: 'MultiPolygon',
          coordinates:
            held.kind === 'vertex'
              ? withVertexMoved(geometry, held.vertex.key, to)
              : withVertexInserted(geometry, edgeKey(held.edge.a, held.edge.b), to),
        },
      }),
    );
    sketch.value = [...shapes, { role: 'held', geometry: { type: 'Point', coordinates: to } }];
  }

  private handles(spot: Spot) {
    const bounds = boundaries.peek();
    const { scale } = blockIndex.peek();
    const near = this.boxAround(spot, SHOWN);
    const view = this.map.getBounds();
    const ofSelected = primary.peek();
    const shown = new Map(bounds.verticesIn(near).map((vertex) => [vertex.key, vertex]));
    if (ofSelected) {
      const inView: Bbox = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
      for (const vertex of bounds.verticesIn(inView)) if (vertex.cells.has(ofSelected)) shown.set(vertex.key, vertex);
    }
    const edge = nearestEdge(bounds.sharedEdgesIn(near), spot.at, this.metres(SHOWN / 2), scale);
    const over = nearestVertex(shown.values(), spot.at, this.metres(REACH), scale);
    const far = (at: LonLat) => distance(at, spot.at, scale);
    const isMiddle = over && edge && this.isLong(edge) && far(middleOf(edge)) < far(over.at);
    this.over = isMiddle ? null : over;
    const point = (role: Sketch['role'], at: LonLat): Sketch => ({
      role,
      geometry: { type: 'Point', coordinates: at },
    });
    sketch.value = [
      ...[...shown.values()]
        .slice(0, MOST)
        .map((vertex) => point(vertex.fixed ? 'fixed' : vertex === this.over ? 'held' : 'handle', vertex.at)),
      ...(edge && this.isLong(edge) ? [point('middle', middleOf(edge))] : []),
    ];
  }

  private isLong({ a, b }: Edge): boolean {
    const [p, q] = [this.map.project(a), this.map.project(b)];
    return Math.hypot(p.x - q.x, p.y - q.y) >= MIDDLE_MIN;
  }

  private boxAround({ x, y }: Spot, pixels: number): Bbox {
    const a = this.map.unproject([x - pixels, y + pixels]);
    const b = this.map.unproject([x + pixels, y - pixels]);
    return [a.lng, a.lat, b.lng, b.lat];
  }

  private metres(pixels: number): number {
    const { lat } = this.map.getCenter();
    return (pixels * 40_075_017 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** this.map.getZoom());
  }
}

function rest() {
  sketch.value = [];
}

function nearestMiddle(edges: readonly Edge[], p: LonLat, metres: number, scale: Scale): Edge | null {
  let best: Edge | null = null;
  let least = metres;
  for (const edge of edges) {
    const far = distance(middleOf(edge), p, scale);
    if (far <= least) [least, best] = [far, edge];
  }
  return best;
}

const middleOf = ({ a, b }: Edge): LonLat => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
