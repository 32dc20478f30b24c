/**
 * The cells' boundaries as vertices and edges, each once however many cells share it. The server keeps neighbours exactly on one
 * another, so points are the same when their coordinates are.
 */
import type { Bbox, CellRow, LonLat, MultiPolygonCoordinates } from '../api/types';
import { distance, edgeKey, inBox, keyOf, nearestOn, type Scale } from './plane';

export interface Vertex {
  key: string;
  at: LonLat;
  /** Codes of the cells that have it. */
  cells: Set<string>;
  /** Keys of the vertices that an edge leads to. */
  next: Set<string>;
  /** On the street's own boundary, which no plan moves. */
  fixed: boolean;
}

export interface Edge {
  a: LonLat;
  b: LonLat;
  /** One or two codes; an edge with one is on the street's own boundary. */
  cells: string[];
}

export class Boundaries {
  readonly vertices = new Map<string, Vertex>();
  readonly edges = new Map<string, Edge>();

  constructor(cells: Iterable<CellRow>) {
    for (const cell of cells) {
      for (const ring of cell.geometry.flat()) {
        for (let i = 1; i < ring.length; i += 1) this.take(cell.code, ring[i - 1] as LonLat, ring[i] as LonLat);
      }
    }
    for (const edge of this.edges.values()) {
      if (edge.cells.length > 1) continue;
      for (const end of [edge.a, edge.b]) {
        const vertex = this.vertices.get(keyOf(end));
        if (vertex) vertex.fixed = true;
      }
    }
  }

  private take(code: string, a: LonLat, b: LonLat) {
    const key = edgeKey(a, b);
    const edge = this.edges.get(key);
    if (edge) {
      if (!edge.cells.includes(code)) edge.cells.push(code);
    } else {
      this.edges.set(key, { a, b, cells: [code] });
    }
    this.touch(code, a, b);
    this.touch(code, b, a);
  }

  private touch(code: string, at: LonLat, other: LonLat) {
    const key = keyOf(at);
    let vertex = this.vertices.get(key);
    if (!vertex) {
      vertex = { key, at, cells: new Set(), next: new Set(), fixed: false };
      this.vertices.set(key, vertex);
    }
    vertex.cells.add(code);
    vertex.next.add(keyOf(other));
  }

  verticesIn(box: Bbox): Vertex[] {
    return [...this.vertices.values()].filter(({ at }) => inBox(at, box));
  }

  /** Edges between two cells that come near the box. */
  sharedEdgesIn([west, south, east, north]: Bbox): Edge[] {
    return [...this.edges.values()].filter(
      ({ a, b, cells }) =>
        cells.length > 1 &&
        Math.max(a[0], b[0]) >= west &&
        Math.min(a[0], b[0]) <= east &&
        Math.max(a[1], b[1]) >= south &&
        Math.min(a[1], b[1]) <= north,
    );
  }

  /** The boundary between two cells as lines, each from one of its ends to the other. */
  between(a: string, b: string): LonLat[][] {
    const next = new Map<string, Set<string>>();
    const join = (from: LonLat, to: LonLat) => {
      const key = keyOf(from);
      next.set(key, (next.get(key) ?? new Set()).add(keyOf(to)));
    };
    for (const edge of this.edges.values()) {
      if (!edge.cells.includes(a) || !edge.cells.includes(b)) continue;
      join(edge.a, edge.b);
      join(edge.b, edge.a);
    }
    const lines: LonLat[][] = [];
    const ends = [...next.keys()].filter((key) => next.get(key)?.size !== 2);
    // A closed line, round an enclave, has no end: it may begin anywhere.
    for (const start of [...ends, ...next.keys()]) {
      while (next.get(start)?.size) lines.push(this.walk(start, next));
    }
    return lines;
  }

  private walk(start: string, next: Map<string, Set<string>>): LonLat[] {
    const line: LonLat[] = [];
    let here: string | undefined = start;
    while (here !== undefined) {
      const vertex = this.vertices.get(here);
      if (vertex) line.push(vertex.at);
      const onward: string | undefined = next.get(here)?.values().next().value;
      if (onward === undefined) break;
      next.get(here)?.delete(onward);
      next.get(onward)?.delete(here);
      here = onward;
    }
    return line;
  }
}

/** The vertex nearest to a point, within so many metres. */
export function nearestVertex(vertices: Iterable<Vertex>, p: LonLat, metres: number, scale: Scale): Vertex | null {
  let best: Vertex | null = null;
  let least = metres;
  for (const vertex of vertices) {
    const far = distance(vertex.at, p, scale);
    if (far <= least) {
      least = far;
      best = vertex;
    }
  }
  return best;
}

/** The edge nearest to a point, within so many metres. */
export function nearestEdge(edges: Iterable<Edge>, p: LonLat, metres: number, scale: Scale): Edge | null {
  let best: Edge | null = null;
  let least = metres;
  for (const edge of edges) {
    const far = distance(nearestOn(p, edge.a, edge.b, scale), p, scale);
    if (far <= least) {
      least = far;
      best = edge;
    }
  }
  return best;
}

/** A geometry with one of its points elsewhere. */
export function withVertexMoved(geometry: MultiPolygonCoordinates, key: string, to: LonLat): MultiPolygonCoordinates {
  return geometry.map((polygon) => polygon.map((ring) => ring.map((point) => (keyOf(point) === key ? to : point))));
}

/** A geometry with a point more on one of its edges. */
export function withVertexInserted(
  geometry: MultiPolygonCoordinates,
  edge: string,
  at: LonLat,
): MultiPolygonCoordinates {
  return geometry.map((polygon) =>
    polygon.map((ring) =>
      ring.flatMap((point, i) => {
        const after = ring[i + 1];
        return after && edgeKey(point, after) === edge ? [point, at] : [point];
      }),
    ),
  );
}
