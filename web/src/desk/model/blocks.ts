/** Finds blocks: under a point, near it, in a rectangle, along the border of two cells. */
import type { Bbox, BlockRow, LonLat } from '../api/types';
import { bboxOf, contains, edgeKey, inBox, reaches, type Scale, scaleAt } from './plane';

/** Blocks a bin holds on average. */
const PER_BIN = 2;

export class BlockIndex {
  readonly scale: Scale;
  private readonly bins = new Map<number, BlockRow[]>();
  private readonly columns: number;
  private readonly box: Bbox;
  private readonly step: [number, number];

  constructor(private readonly blocks: ReadonlyMap<number, BlockRow>) {
    const boxes = [...blocks.values()].map((block) => [block, bboxOf(block.geometry[0] ?? [])] as const);
    this.box = bboxOf(
      boxes.flatMap(([, [w, s, e, n]]): LonLat[] => [
        [w, s],
        [e, n],
      ]),
    );
    this.scale = scaleAt((this.box[1] + this.box[3]) / 2 || 0);
    this.columns = Math.max(1, Math.ceil(Math.sqrt(blocks.size / PER_BIN)));
    this.step = [(this.box[2] - this.box[0]) / this.columns || 1, (this.box[3] - this.box[1]) / this.columns || 1];
    for (const [block, box] of boxes) {
      for (const bin of this.binsOf(box)) {
        const inBin = this.bins.get(bin);
        if (inBin) inBin.push(block);
        else this.bins.set(bin, [block]);
      }
    }
  }

  /** The block that holds a point. */
  at(point: LonLat): BlockRow | undefined {
    return this.candidates([point[0], point[1], point[0], point[1]]).find((block) => contains(block.geometry, point));
  }

  /** Blocks of which some point lies within so many metres. */
  near(point: LonLat, metres: number): BlockRow[] {
    const dx = metres / this.scale.x;
    const dy = metres / this.scale.y;
    return this.candidates([point[0] - dx, point[1] - dy, point[0] + dx, point[1] + dy]).filter((block) =>
      reaches(block.geometry, point, metres, this.scale),
    );
  }

  /** Blocks whose middle lies in the rectangle. */
  within(box: Bbox): BlockRow[] {
    return this.candidates(box).filter(({ at }) => at && inBox(at, box));
  }

  /** Blocks of one cell that have an edge in common with a block of the other. */
  along(from: string, to: string): BlockRow[] {
    const edges = new Set<string>();
    const ours: BlockRow[] = [];
    for (const block of this.blocks.values()) {
      if (block.cell === from) ours.push(block);
      else if (block.cell === to) for (const edge of edgesOf(block)) edges.add(edge);
    }
    return ours.filter((block) => edgesOf(block).some((edge) => edges.has(edge)));
  }

  private candidates(box: Bbox): BlockRow[] {
    const found = new Set<BlockRow>();
    for (const bin of this.binsOf(box)) for (const block of this.bins.get(bin) ?? []) found.add(block);
    return [...found];
  }

  private *binsOf([west, south, east, north]: Bbox): Generator<number> {
    const last = this.columns - 1;
    const place = (value: number, from: number, step: number) =>
      Math.min(last, Math.max(0, Math.floor((value - from) / step)));
    const [x0, x1] = [place(west, this.box[0], this.step[0]), place(east, this.box[0], this.step[0])];
    const [y0, y1] = [place(south, this.box[1], this.step[1]), place(north, this.box[1], this.step[1])];
    for (let y = y0; y <= y1; y += 1) for (let x = x0; x <= x1; x += 1) yield y * this.columns + x;
  }
}

function edgesOf(block: BlockRow): string[] {
  return block.geometry.flatMap((ring) => ring.slice(1).map((point, index) => edgeKey(ring[index] as LonLat, point)));
}
