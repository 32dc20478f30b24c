/** Plans as wholes: their list, plannings, publishing, comparing. */
import type { FunctionComponent } from 'preact';

const nothing = () => null;

export const PlansPanel: FunctionComponent<{
  street: string;
  planId: number | null;
  onOpen: (planId: number) => void;
}> = nothing;

export const PlanningDialog: FunctionComponent<{
  street: string;
  planId: number | null;
  cells: string[];
  onClose: () => void;
  onOpen: (planId: number) => void;
}> = nothing;

export const PublishDialog: FunctionComponent<{
  street: string;
  planId: number;
  onClose: () => void;
  onPublished: () => void;
}> = nothing;

export const CompareView: FunctionComponent<{
  street: string;
  a: number;
  b: number;
  onClose: () => void;
}> = nothing;
