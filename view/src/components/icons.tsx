/** Icons of the page: strokes on a grid of 16. */

const PATHS = {
  run: 'M5 3.2v9.6L12.5 8z',
  pause: 'M5.2 3.5v9M10.8 3.5v9',
  step: 'M8 2.5v7M5 6.8 8 9.8l3-3M8 13.2v.1',
  over: 'M2.8 9.5c.6-4.3 8.4-5.5 10-.6M13.4 5.6l-.5 3.5-3.4-.6M8 13.2v.1',
  out: 'M8 10V2.8M5 5.6 8 2.6l3 3M8 13.2v.1',
  back: 'M12.5 8h-9M6.5 4.8 3.3 8l3.2 3.2',
  reverse: 'M11 3.2v9.6L3.5 8zM13 3.5v9',
  restart: 'M12.8 8a4.8 4.8 0 1 1-1.5-3.5M11.6 1.8v2.9H8.7',
  present: 'M4 3.2v9.6L10.5 8zM12.5 3.5v9',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z',
  auto: 'M8 2.2a5.8 5.8 0 1 0 0 11.6zM8 2.2a5.8 5.8 0 0 1 0 11.6',
  help: 'M6.2 6.1A1.9 1.9 0 1 1 8 8.4v1M8 11.8v.1M8 1.9a6.1 6.1 0 1 0 0 12.2A6.1 6.1 0 0 0 8 1.9',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3',
  copy: 'M5.5 5.5h7.7v7.7H5.5zM3.2 10.5V2.8h7.3',
  check: 'M3 8.4l3.3 3.3L13 4.6',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  left: 'M10 4 6 8l4 4',
  right: 'M6 4l4 4-4 4',
  warning: 'M8 2.2 14.4 13.3H1.6zM8 6.6v3M8 11.4v.1',
  error: 'M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4zM8 4.9v3.7M8 11v.1',
  note: 'M8 7.3v4M8 4.7v.1M8 1.9a6.1 6.1 0 1 0 0 12.2A6.1 6.1 0 0 0 8 1.9',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  download: 'M8 2.2v7.6M4.8 6.8 8 10l3.2-3.2M2.8 13.2h10.4',
  filter: 'M2.2 3.2h11.6L9.4 8.6v4.6l-2.8-1.4V8.6z',
  link: 'M6.6 9.4 9.4 6.6M7 4.6l1.7-1.7a2.9 2.9 0 0 1 4.4 4.4L11.4 9M9 11.4l-1.7 1.7a2.9 2.9 0 0 1-4.4-4.4L4.6 7',
  swap: 'M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13',
  system: 'M2 3.2h4.6v4H2zM9.4 8.8H14v4H9.4zM4.3 7.2v3.6h5.1M11.7 8.8V5.2H6.6',
  timeline: 'M1.8 4h6.4M5 8h6.6M9.2 12h5M1.8 8h.1M1.8 12h4.4M11.6 4h2.6',
  vrings: 'M8 2.2a5.8 5.8 0 1 0 5.8 5.8M8 5.4a2.6 2.6 0 1 0 2.6 2.6M8 2.2v3.2M13.8 8h-3.2',
  consoles: 'M1.9 3h12.2v10H1.9zM4.4 6l2.2 2-2.2 2M8.2 10.4h3.2',
  cpu: 'M4 4h8v8H4zM6.4 6.4h3.2v3.2H6.4zM6 4V1.8M10 4V1.8M6 14.2V12M10 14.2V12M4 6H1.8M4 10H1.8M14.2 6H12M14.2 10H12',
  memory: 'M2 2.8h12v10.4H2zM2 6.3h12M2 9.8h12M6 2.8v10.4M10 2.8v10.4',
  peripherals: 'M3 4h3M9 4h4M3 8h6M12 8h1M3 12h1M7 12h6M7.5 2.6v2.8M10.5 6.6v2.8M5.5 10.6v2.8',
  tables: 'M2.6 2.6h4v3h-4zM9.4 6.5h4v3h-4zM9.4 11h4v3h-4zM4.6 5.6v6.9h4.8M4.6 8h4.8',
} as const;

export type IconName = keyof typeof PATHS;

/** One icon, in the colour of the text around it; `solid` fills it. Decoration: say what it means beside it. */
export function Icon({ name, solid }: { readonly name: IconName; readonly solid?: boolean }) {
  return (
    <svg class={solid ? 'icon icon-solid' : 'icon'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
