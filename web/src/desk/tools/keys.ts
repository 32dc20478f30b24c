/** The desk's keyboard. Keys are the tool's first, then the walk's, then the desk's own. */
import { batch, signal } from '@preact/signals';
import {
  brushRadius,
  dialog,
  laid,
  primary,
  select,
  selected,
  shownBlock,
  store,
  type ToolName,
  tool,
} from '../state/session';
import { halve, nextProblem, redo, toggleLock, undo } from './actions';
import { toolInHand } from './host';
import { finishSplit, splitLine } from './split';
import {
  chooseNeighbour,
  commitHeld,
  deleteHeld,
  giving,
  heldVertex,
  insertAfterHeld,
  letGo,
  moveShown,
  nudge,
  step,
} from './walk';

const KEYS_KEY = 'wangge.desk.keys';
/** Single keys can be turned off for those whom they get in the way of: speech input, for one. */
export const singleKeys = signal(localStorage.getItem(KEYS_KEY) !== 'off');

export function setSingleKeys(on: boolean) {
  singleKeys.value = on;
  localStorage.setItem(KEYS_KEY, on ? 'on' : 'off');
}

export const TOOL_KEYS: Record<ToolName, string> = {
  select: 'v',
  brush: 'b',
  box: 'r',
  vertex: 'e',
  split: 's',
  merge: 'm',
  pull: 'p',
};

/** Largest brush, in pixels. */
export const BRUSH_MAX = 64;
const BRUSH_STEP = 8;

export function takeTool(name: ToolName) {
  batch(() => {
    letGo();
    tool.value = name;
  });
}

export function resizeBrush(by: number) {
  brushRadius.value = Math.min(BRUSH_MAX, Math.max(0, brushRadius.peek() + by));
}

const isText = (target: Element) =>
  target.matches('input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable]');

/** Where Enter, Space and the arrows are the desk's: nothing that has the focus there needs them. */
const isFree = (target: Element) =>
  target === document.body || target.matches('canvas, [data-keys=desk], [data-keys=desk] *');

const ARROWS: Record<string, [east: number, north: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function onHeld(event: KeyboardEvent): boolean {
  const arrow = ARROWS[event.key];
  if (arrow && heldVertex.peek() && tool.peek() === 'vertex') {
    const metres = event.shiftKey ? 10 : 1;
    nudge(arrow[0] * metres, arrow[1] * metres);
    return true;
  }
  if (event.key === 'Enter') {
    if (heldVertex.peek() && commitHeld()) return true;
    if (tool.peek() === 'split' && splitLine.peek().length >= 2) {
      letGo();
      void finishSplit();
      return true;
    }
    if (shownBlock.peek() !== null) {
      void moveShown();
      return true;
    }
  }
  if (event.key === 'Delete' || event.key === 'Backspace') return deleteHeld();
  if (event.key === 'Insert' || event.key === 'i') return insertAfterHeld();
  return false;
}

function onSingle(event: KeyboardEvent): boolean {
  const { key } = event;
  const named = (Object.keys(TOOL_KEYS) as ToolName[]).find((name) => TOOL_KEYS[name] === key);
  if (named) takeTool(named);
  else if (key === 'h') void halve();
  else if (key === 'l') void toggleLock();
  else if (key === 'n') nextProblem();
  else if (key === '[') step(-1);
  else if (key === ']') step(1);
  else if (key === 'x') {
    letGo();
    giving.value = !giving.peek();
  } else if (key === ',') resizeBrush(-BRUSH_STEP);
  else if (key === '.') resizeBrush(BRUSH_STEP);
  else if (key === '?') dialog.value = 'help';
  else if (/^[1-9]$/.test(key)) {
    const code = laid.peek()?.cells.get(primary.peek() ?? '')?.neighbours[Number(key) - 1];
    if (!code) return false;
    chooseNeighbour(code);
  } else return false;
  return true;
}

function letGoOrDeselect(): boolean {
  if (letGo()) return true;
  if (store.peek()?.refusal.peek()) {
    store.peek()?.forgive();
    return true;
  }
  if (selected.peek().length) {
    select(null);
    return true;
  }
  return false;
}

function handle(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (dialog.peek() !== null || target.closest('dialog[open]')) return false;
  const ctrl = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (isText(target)) return false;
  if (ctrl && !event.altKey) {
    if (key === 'z') void (event.shiftKey ? redo() : undo());
    else if (key === 'y' && !event.shiftKey) void redo();
    else return false;
    return true;
  }
  if (event.altKey || event.metaKey) return false;
  if (isFree(target) && (onHeld(event) || toolInHand()?.key?.(event))) return true;
  if (event.key === 'Escape') return toolInHand()?.key?.(event) || letGoOrDeselect();
  return singleKeys.peek() && onSingle(event);
}

/** Before the map and the page see them. Returns what ends it. */
export function listenToKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || !handle(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener('keydown', onKey, { capture: true });
  return () => removeEventListener('keydown', onKey, { capture: true });
}
