/** Cells by clicks: to look at, to merge, to pull onto a street. */
import { blockIndex, hovered, select, selected } from '../state/session';
import type { Spot, Tool } from './tool';

const cellAt = (spot: Spot): string | null => blockIndex.peek().at(spot.at)?.cell ?? null;

export class SelectTool implements Tool {
  readonly name: Tool['name'] = 'select';
  readonly cursor: string = 'pointer';

  click(spot: Spot) {
    select(cellAt(spot), spot.shift);
  }

  hover(spot: Spot | null) {
    hovered.value = spot ? cellAt(spot) : null;
  }

  leave() {
    hovered.value = null;
  }
}

/** Each click takes a cell in or leaves it out. */
export class MergeTool extends SelectTool {
  override readonly name: Tool['name'] = 'merge';
  override readonly cursor: string = 'copy';

  override click(spot: Spot) {
    const under = cellAt(spot);
    if (under) select(under, true);
  }
}

/** Two cells; a third takes the place of the one chosen first. */
export class PullTool extends SelectTool {
  override readonly name: Tool['name'] = 'pull';
  override readonly cursor: string = 'copy';

  override click(spot: Spot) {
    const under = cellAt(spot);
    if (!under) return;
    select(under, true);
    if (selected.peek().length > 2) selected.value = selected.peek().slice(0, 2);
  }
}
