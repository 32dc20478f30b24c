/** The tools' icons. */
import { icon } from '../../panels/icons';
import type { ToolName } from '../state/session';

export const TOOL_ICON: Record<ToolName, ReturnType<typeof icon>> = {
  select: icon(<path d="m5 3.5 10.5 6-4.6 1.3L8.5 15.5z" />),
  brush: icon(
    <>
      <path d="M16.5 3.5 9 11" />
      <path d="M8.5 10.5c-2.5 0-3.5 1.6-3.5 3.2 0 1-.6 1.8-1.5 2.3 3.6 1 7-.3 7-3 0-1.5-.8-2.5-2-2.5z" />
    </>,
  ),
  box: icon(<path d="M4 4h3M9 4h2M13 4h3v3M16 9v2M16 13v3h-3M11 16H9M7 16H4v-3M4 11V9M4 7V4" />),
  vertex: icon(
    <>
      <path d="m5 14 5-8 6 5" />
      <circle cx="5" cy="14.5" r="1.8" />
      <circle cx="10" cy="5.5" r="1.8" />
      <circle cx="16" cy="11.5" r="1.8" />
    </>,
  ),
  split: icon(
    <>
      <path d="M4 5.5h12v9H4z" />
      <path d="m12.5 3-5 14" stroke-dasharray="2.6 2" />
    </>,
  ),
  merge: icon(
    <>
      <path d="M3.5 6v8h13V6z" />
      <path d="M10 6v1.2M10 12.8V14M6.5 10h2.8M13.5 10h-2.8M8 8.6 9.4 10 8 11.4M12 8.6 10.6 10l1.4 1.4" />
    </>,
  ),
  pull: icon(
    <>
      <path d="M6 3.5 4.5 16.5M14 3.5l1.5 13M10 4v2M10 9v2M10 14v2" />
      <path d="M6 10h2M14 10h-2" />
    </>,
  ),
};

export const UndoIcon = icon(<path d="M7 5 3.5 8.5 7 12M4 8.5h8a4 4 0 0 1 0 8H9" />);
export const RedoIcon = icon(<path d="m13 5 3.5 3.5L13 12M16 8.5H8a4 4 0 0 0 0 8h3" />);
export const LockIcon = icon(
  <>
    <rect x="4.5" y="9" width="11" height="8" rx="1.8" />
    <path d="M7 9V6.5a3 3 0 0 1 6 0V9" />
  </>,
);
export const HelpIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M8 8a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M10 13.6v.1" />
  </>,
);
export const PlansIcon = icon(
  <>
    <rect x="6" y="3.5" width="10.5" height="10.5" rx="2" />
    <path d="M3.5 7v8A1.5 1.5 0 0 0 5 16.5h8" />
  </>,
);
export const NextIcon = icon(<path d="m7.5 5.5 5 4.5-5 4.5" />);
export const PreviousIcon = icon(<path d="m12.5 5.5-5 4.5 5 4.5" />);
