/** What the tile said of the building clicked. Not in the link: the link keeps the position. */
import { signal } from '@preact/signals';

export interface ClickedBuilding {
  lon: number;
  lat: number;
  name: string | null;
  kind: string | null;
  levels: number | null;
  households: number | null;
}

export const clicked = signal<ClickedBuilding | null>(null);
