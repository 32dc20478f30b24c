/** Line icons on a 20-unit grid, drawn in the text's colour. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const icon = (paths: ComponentChildren) => () => <Icon>{paths}</Icon>;

export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.2 13.2 3.8 3.8" />
  </>,
);
export const PictureIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="1.5" />
    <path d="m3 13.5 4-4 3.5 3.5 2.5-2.5 4 4" />
    <circle cx="12.8" cy="7.6" r="1.2" />
  </>,
);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 4.5A1.5 1.5 0 0 0 11.5 3h-7A1.5 1.5 0 0 0 3 4.5v7A1.5 1.5 0 0 0 4.5 13" />
  </>,
);
export const LinkIcon = icon(
  <>
    <path d="M8.5 11.5a3.2 3.2 0 0 0 4.5 0l2.6-2.6a3.2 3.2 0 0 0-4.5-4.5l-.9.9" />
    <path d="M11.5 8.5a3.2 3.2 0 0 0-4.5 0l-2.6 2.6a3.2 3.2 0 0 0 4.5 4.5l.9-.9" />
  </>,
);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const MinusIcon = icon(<path d="M4 10h12" />);
export const FitIcon = icon(<path d="M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13" />);
export const LayersIcon = icon(
  <>
    <path d="m10 3 7 3.8-7 3.8-7-3.8z" />
    <path d="m3 10.4 7 3.8 7-3.8M3 13.6l7 3.6 7-3.6" />
  </>,
);
export const FilterIcon = icon(<path d="M3.5 5h13M6 10h8M8.5 15h3" />);
export const OverviewIcon = icon(
  <>
    <rect x="3.5" y="3.5" width="13" height="13" rx="2.5" />
    <path d="M3.5 8.5h13M8.5 8.5v8" />
  </>,
);
export const SettingsIcon = icon(
  <>
    <path d="M3.5 6h7M14 6h2.5M3.5 14H6M9.5 14h7" />
    <circle cx="12.2" cy="6" r="1.8" />
    <circle cx="7.8" cy="14" r="1.8" />
  </>,
);
export const ChevronIcon = icon(<path d="m5.5 8 4.5 4.5L14.5 8" />);
export const BackIcon = icon(<path d="M12 4.5 6.5 10l5.5 5.5" />);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1" />
  </>,
);
export const MoonIcon = icon(<path d="M16.5 11.6A7 7 0 0 1 8.4 3.5a7 7 0 1 0 8.1 8.1z" />);
export const AutoIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="9.5" rx="1.8" />
    <path d="M7.5 17h5M10 13.5V17" />
  </>,
);
export const PinIcon = icon(
  <>
    <path d="M10 17.5s5.5-4.9 5.5-9A5.5 5.5 0 0 0 4.5 8.5c0 4.1 5.5 9 5.5 9z" />
    <circle cx="10" cy="8.5" r="1.9" />
  </>,
);
export const AreaIcon = icon(<path d="M4 6.5 9.5 4l6.5 2.5-1 8-6 1.5-5.5-3z" />);
export const RoadIcon = icon(<path d="M6.5 3.5 4 16.5M13.5 3.5 16 16.5M10 4v2.4M10 8.8v2.4M10 13.6V16" />);
export const BuildingIcon = icon(
  <>
    <path d="M4.5 16.5v-12h7v12M11.5 8.5h4v8M3 16.5h14" />
    <path d="M7 7.5h2M7 10.5h2M7 13.5h2" />
  </>,
);
export const WarningIcon = icon(
  <>
    <path d="M10 3.5 17.5 16h-15z" />
    <path d="M10 8.5v3.2M10 13.8v.1" />
  </>,
);

export const DeskIcon = icon(
  <>
    <path d="M3.5 16.5 4.6 12 13 3.6a1.6 1.6 0 0 1 2.3 0l1 1a1.6 1.6 0 0 1 0 2.3L8 15.4z" />
    <path d="m11.5 5.2 3.3 3.3" />
  </>,
);

export function LogoMark() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <g fill="none" stroke="#fff" stroke-width="2" stroke-linejoin="round">
        <path d="M7 9.5 16 7l9 2.5v13L16 25l-9-2.5z" />
        <path d="M16 7v18M7 16l9-1.5 9 1.5" stroke-width="1.6" />
      </g>
    </svg>
  );
}
