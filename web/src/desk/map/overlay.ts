/**
 * What moves with the hand is drawn on a canvas above the map: it needs no tiles and no worker, so it keeps up with the pointer
 * however long the map takes for a frame. Also what a command changed, until the map has cut its tiles anew.
 */
import { effect } from '@preact/signals';
import type { Map as MapLibre } from 'maplibre-gl';
import type { MapTheme } from '../../map/themes/theme';
import { mapTheme } from '../../state/screen';
import type { BlockRow, CellRow, LonLat, MultiPolygonCoordinates } from '../api/types';
import { hovered, laid, neighbour, painted, type Sketch, selected, shownBlock, sketch, store } from '../state/session';
import { deviationColourOf } from './layers';

/** Rows that an answer brought and that the map does not show yet. */
export interface Fresh {
  cells: readonly CellRow[];
  blocks: readonly BlockRow[];
}

export class Overlay {
  private readonly canvas = document.createElement('canvas');
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly stop: () => void;
  private fresh: Fresh | null = null;
  private frame = 0;
  private onDrawn: (() => void)[] = [];

  constructor(private readonly map: MapLibre) {
    this.canvas.className = 'desk-overlay';
    this.canvas.setAttribute('aria-hidden', 'true');
    this.pen = this.canvas.getContext('2d');
    map.getCanvasContainer().append(this.canvas);
    map.on('render', this.draw);
    map.on('resize', this.soon);
    this.stop = effect(() => {
      void [hovered.value, laid.value, neighbour.value, painted.value, selected.value, shownBlock.value, sketch.value];
      void [mapTheme.value, store.value?.refusal.value];
      this.soon();
    });
  }

  /** Shows rows at once, until {@link settle}. `done` is told when they are on the screen. */
  show(fresh: Fresh, done: () => void) {
    const before = this.fresh;
    // Answers that come before the map has shown the last: the newer rows stand.
    this.fresh = before
      ? {
          cells: [...before.cells.filter(({ code }) => !fresh.cells.some((row) => row.code === code)), ...fresh.cells],
          blocks: [...before.blocks.filter(({ id }) => !fresh.blocks.some((row) => row.id === id)), ...fresh.blocks],
        }
      : fresh;
    this.onDrawn.push(done);
    this.soon();
  }

  /** The map shows by itself what was fresh. */
  settle() {
    this.fresh = null;
    this.soon();
  }

  remove() {
    this.stop();
    cancelAnimationFrame(this.frame);
    this.map.off('render', this.draw);
    this.map.off('resize', this.soon);
    this.canvas.remove();
  }

  private readonly soon = () => {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.draw);
  };

  private readonly draw = () => {
    cancelAnimationFrame(this.frame);
    const { pen } = this;
    if (!pen) return;
    this.size(pen);
    const theme = mapTheme.peek();
    const now = laid.peek();
    if (now) {
      if (this.fresh) this.drawFresh(pen, theme, this.fresh);
      const over = now.cells.get(hovered.peek() ?? '');
      if (over) this.area(pen, over.geometry, 'rgba(255, 255, 255, 0.28)');
      for (const id of painted.peek()) {
        const block = now.blocks.get(id);
        if (block) this.area(pen, [block.geometry], theme.selected, 0.55);
      }
      const beside = now.cells.get(neighbour.peek() ?? '');
      if (beside) this.line(pen, beside.geometry.flat(), theme.hover, 3, [7, 5]);
      for (const code of selected.peek()) {
        const cell = now.cells.get(code);
        if (!cell) continue;
        this.line(pen, cell.geometry.flat(), theme.selectedCasing, 6.5);
        this.line(pen, cell.geometry.flat(), theme.selected, 3.5);
      }
      const shown = now.blocks.get(shownBlock.peek() ?? -1);
      if (shown) {
        this.area(pen, [shown.geometry], theme.selected, 0.6);
        this.line(pen, shown.geometry, theme.selectedCasing, 2);
      }
      for (const { kind, at } of now.problems)
        if (at && kind !== 'unbalanced') this.mark(pen, at, '!', theme.status.in_progress);
    }
    for (const shape of sketch.peek()) this.shape(pen, theme, shape);
    const refused = store.peek()?.refusal.peek()?.at;
    if (refused) this.mark(pen, refused, '×', '#c5281c', '#ffffff');
    const done = this.onDrawn;
    this.onDrawn = [];
    for (const tell of done) tell();
  };

  private size(pen: CanvasRenderingContext2D) {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const ratio = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineCap = 'round';
    pen.lineJoin = 'round';
  }

  /** Blocks in the colour of the cell they have come to, and the cells' new outlines. */
  private drawFresh(pen: CanvasRenderingContext2D, theme: MapTheme, fresh: Fresh) {
    const now = laid.peek();
    if (!now) return;
    for (const { cell, geometry } of fresh.blocks) {
      this.area(pen, [geometry], theme.background);
      this.area(pen, [geometry], deviationColourOf(theme, now.tolerance, now.deviations.get(cell)), 0.6);
    }
    for (const { geometry } of fresh.cells) this.line(pen, geometry.flat(), theme.edge.street, 2);
  }

  private shape(pen: CanvasRenderingContext2D, theme: MapTheme, { role, geometry }: Sketch) {
    if (geometry.type === 'Point') {
      this.handle(pen, theme, role, geometry.coordinates as LonLat);
      return;
    }
    const lines = linesOf(geometry);
    if (role === 'area') this.area(pen, polygonsOf(geometry), theme.selected, 0.25);
    if (role === 'box' || role === 'circle') this.area(pen, polygonsOf(geometry), theme.selected, 0.12);
    if (role === 'area' || role === 'line') this.line(pen, lines, theme.selectedCasing, 5.5);
    const width = role === 'box' || role === 'circle' ? 1.5 : 2.6;
    this.line(pen, lines, theme.selected, width, role === 'trail' ? [6, 5] : []);
  }

  private handle(pen: CanvasRenderingContext2D, theme: MapTheme, role: Sketch['role'], at: LonLat) {
    const { x, y } = this.map.project(at);
    const radius = { held: 8, handle: 5.5, middle: 4, fixed: 3 }[role as 'held'] ?? 4;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.globalAlpha = role === 'middle' ? 0.85 : 1;
    pen.fillStyle = role === 'held' ? theme.selected : role === 'fixed' ? theme.edge.cell : theme.selectedCasing;
    pen.fill();
    pen.strokeStyle = role === 'held' ? theme.selectedCasing : role === 'fixed' ? theme.edge.cell : theme.selected;
    pen.lineWidth = 2;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  private mark(pen: CanvasRenderingContext2D, at: LonLat, sign: string, fill: string, ink = '#17222d') {
    const { x, y } = this.map.project(at);
    pen.beginPath();
    pen.arc(x, y, 10, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.fill();
    pen.strokeStyle = '#ffffff';
    pen.lineWidth = 2;
    pen.stroke();
    pen.fillStyle = ink;
    pen.font = 'bold 15px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillText(sign, x, y + 0.5);
  }

  private area(pen: CanvasRenderingContext2D, polygons: MultiPolygonCoordinates, fill: string, alpha = 1) {
    pen.beginPath();
    for (const ring of polygons.flat()) this.trace(pen, ring);
    pen.globalAlpha = alpha;
    pen.fillStyle = fill;
    pen.fill('evenodd');
    pen.globalAlpha = 1;
  }

  private line(pen: CanvasRenderingContext2D, lines: LonLat[][], stroke: string, width: number, dash: number[] = []) {
    pen.beginPath();
    for (const line of lines) this.trace(pen, line);
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  }

  private trace(pen: CanvasRenderingContext2D, line: LonLat[]) {
    line.forEach((at, i) => {
      const { x, y } = this.map.project(at);
      if (i === 0) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    });
  }
}

function polygonsOf(geometry: GeoJSON.Geometry): MultiPolygonCoordinates {
  if (geometry.type === 'Polygon') return [geometry.coordinates as LonLat[][]];
  return geometry.type === 'MultiPolygon' ? (geometry.coordinates as MultiPolygonCoordinates) : [];
}

function linesOf(geometry: GeoJSON.Geometry): LonLat[][] {
  if (geometry.type === 'LineString') return [geometry.coordinates as LonLat[]];
  if (geometry.type === 'MultiLineString') return geometry.coordinates as LonLat[][];
  return polygonsOf(geometry).flat();
}
