/** Gives the map's pointer to the tool in hand. Two fingers always move the map. */
import { effect, untracked } from '@preact/signals';
import type { Map as MapLibre, MapMouseEvent } from 'maplibre-gl';
import { gridMap } from '../../state/mapHandle';
import type { LonLat } from '../api/types';
import { store, tool } from '../state/session';
import { BoxTool, BrushTool } from './paint';
import { MergeTool, PullTool, SelectTool } from './pick';
import { SplitTool } from './split';
import type { Spot, Tool } from './tool';
import { VertexTool } from './vertex';

/** How long a finger rests for a menu, milliseconds, and how far it may tremble, pixels. */
const LONG_PRESS_MS = 550;
const TREMBLE = 8;

let hand: Tool | null = null;

/** The tool in hand, for the keyboard. */
export const toolInHand = (): Tool | null => hand;

/** For as long as there is a map. Returns what ends it. */
export function holdTools(): () => void {
  return effect(() => {
    const grid = gridMap.value;
    return grid ? untracked(() => giveTools(grid.map)) : undefined;
  });
}

function giveTools(map: MapLibre): () => void {
  const tools: Tool[] = [
    new SelectTool(),
    new BrushTool(map),
    new BoxTool(),
    new VertexTool(map),
    new SplitTool(),
    new MergeTool(),
    new PullTool(),
  ];
  const canvas = map.getCanvas();
  const fingers = new Set<number>();
  let stroke: number | null = null;
  let press: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | undefined;
  let strokeEnded = 0;
  let frame = 0;

  const spotOf = (event: PointerEvent | MouseEvent): Spot => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { lng, lat } = map.unproject([x, y]);
    const touch = 'pointerType' in event && event.pointerType !== 'mouse';
    return { at: [lng, lat], x, y, shift: event.shiftKey, alt: event.altKey, touch };
  };
  const spotOfMap = (event: MapMouseEvent): Spot => ({
    at: event.lngLat.toArray() as LonLat,
    x: event.point.x,
    y: event.point.y,
    shift: event.originalEvent.shiftKey || event.originalEvent.ctrlKey || event.originalEvent.metaKey,
    alt: event.originalEvent.altKey,
    touch: false,
  });
  const stopPress = () => {
    clearTimeout(press?.timer);
    press = undefined;
  };
  const release = () => {
    stroke = null;
    strokeEnded = performance.now();
    map.dragPan.enable();
  };

  const down = (event: PointerEvent) => {
    if (event.pointerType !== 'mouse') fingers.add(event.pointerId);
    if (fingers.size > 1) {
      stopPress();
      if (stroke !== null) {
        hand?.cancel?.();
        release();
      }
      return;
    }
    if (event.button !== 0) return;
    // What was refused has been read by whoever goes on.
    store.peek()?.forgive();
    const spot = spotOf(event);
    if (spot.touch) {
      const timer = setTimeout(() => {
        press = undefined;
        if (stroke !== null) {
          hand?.cancel?.();
          release();
        }
        hand?.menu?.(spot);
      }, LONG_PRESS_MS);
      press = { timer, x: spot.x, y: spot.y };
    }
    if (!hand?.down?.(spot)) return;
    stroke = event.pointerId;
    map.dragPan.disable();
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer has gone already: the stroke ends with the next event.
    }
  };
  const move = (event: PointerEvent) => {
    if (press && Math.hypot(spotOf(event).x - press.x, spotOf(event).y - press.y) > TREMBLE) stopPress();
    if (stroke === event.pointerId) {
      for (const part of event.getCoalescedEvents?.() ?? []) hand?.drag?.(spotOf(part));
      hand?.drag?.(spotOf(event));
      return;
    }
    if (stroke !== null || fingers.size > 1) return;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => hand?.hover?.(spotOf(event)));
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    stopPress();
    if (stroke !== event.pointerId) return;
    const spot = spotOf(event);
    release();
    hand?.drop?.(spot);
  };
  const gone = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    stopPress();
    if (stroke !== event.pointerId) return;
    release();
    hand?.cancel?.();
  };
  const left = () => {
    cancelAnimationFrame(frame);
    if (stroke === null) hand?.hover?.(null);
  };
  const menu = (event: MouseEvent) => {
    event.preventDefault();
    if (event.button === 2) hand?.menu?.(spotOf(event));
  };
  const click = (event: MapMouseEvent) => {
    // The click that ends a stroke is no click.
    if (performance.now() - strokeEnded > 60) hand?.click?.(spotOfMap(event));
  };
  const doubleClick = (event: MapMouseEvent) => {
    if (hand?.doubleClick) {
      event.preventDefault();
      hand.doubleClick(spotOfMap(event));
    }
  };

  canvas.addEventListener('pointerdown', down);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', gone);
  canvas.addEventListener('pointerleave', left);
  canvas.addEventListener('contextmenu', menu);
  map.on('click', click);
  map.on('dblclick', doubleClick);
  map.boxZoom.disable();
  const stop = effect(() => {
    const next = tools.find(({ name }) => name === tool.value) ?? null;
    if (next === hand) return;
    if (stroke !== null) release();
    hand?.leave?.();
    hand = next;
    canvas.style.cursor = next?.cursor ?? '';
  });
  return () => {
    stop();
    stopPress();
    cancelAnimationFrame(frame);
    hand?.leave?.();
    hand = null;
    canvas.removeEventListener('pointerdown', down);
    canvas.removeEventListener('pointermove', move);
    canvas.removeEventListener('pointerup', up);
    canvas.removeEventListener('pointercancel', gone);
    canvas.removeEventListener('pointerleave', left);
    canvas.removeEventListener('contextmenu', menu);
    map.off('click', click);
    map.off('dblclick', doubleClick);
    map.boxZoom.enable();
    map.dragPan.enable();
    canvas.style.cursor = '';
  };
}
