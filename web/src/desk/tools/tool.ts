/** What a tool is to the map: strokes, clicks, keys. */
import type { LonLat } from '../api/types';
import type { ToolName } from '../state/session';

/** Where the pointer is. */
export interface Spot {
  at: LonLat;
  /** Pixels within the map. */
  x: number;
  y: number;
  shift: boolean;
  alt: boolean;
  touch: boolean;
}

export interface Tool {
  name: ToolName;
  cursor: string;
  /** The pointer goes down; true when the tool takes the stroke, so that the map does not move with it. */
  down?(spot: Spot): boolean;
  drag?(spot: Spot): void;
  drop?(spot: Spot): void;
  /** The stroke is not to count: another finger came down, or Escape. */
  cancel?(): void;
  /** The pointer moves without a stroke; `null`: it left the map. */
  hover?(spot: Spot | null): void;
  click?(spot: Spot): void;
  doubleClick?(spot: Spot): void;
  /** The other mouse button, or a long press. */
  menu?(spot: Spot): void;
  /** True when the key was the tool's. */
  key?(event: KeyboardEvent): boolean;
  /** The tool is laid down. */
  leave?(): void;
}
