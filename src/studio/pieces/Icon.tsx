/** The design's line icons, drawn on a 16 × 16 grid. */
const PATHS = {
  compose: 'M2 2.8h7M2 6.3h7M2 9.8h7M2 13.2h7M12 9.8h2.2M12 13.2h2.2',
  run: 'M1.5 8.5h2.6l2-5 3.2 9.5 2-6.5 1 2h2.2',
  compare: 'M2.5 13.5V8.5M6.2 13.5v-11M9.8 13.5V6M13.5 13.5V10',
  inspect: 'M7 2.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 1 0 0-9.2M10.4 10.4L14 14',
  library: 'M2 3h12v3.2H2zM3 6.2v7h10v-7M6.4 9h3.2',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3l8 5-8 5z',
  step: 'M4 3.5v9M7 4l6 4-6 4z',
  stop: 'M4 4h8v8H4z',
  evaluate: 'M2.2 11.5a6 6 0 1 1 11.6 0M8 10.5l3-3.6',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z',
  info: 'M8 2.2a5.8 5.8 0 1 0 0 11.6a5.8 5.8 0 1 0 0-11.6M8 7.3v3.6M8 5v.1',
  note: 'M3.5 2h6l3 3v9h-9zM9.5 2v3h3M5.8 8h4.4M5.8 10.8h4.4',
  reset: 'M3.2 8a4.9 4.9 0 1 0 1.6-3.6M3 2.6v2.6h2.6',
  check: 'M3.2 8.4l3.1 3.1 6.5-7',
  warn: 'M8 2.2l6.2 11.2H1.8zM8 6.6v3.2M8 11.6v.1',
  error: 'M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3zM8 5v3.6M8 10.9v.1',
  download: 'M8 2v8M4.6 6.8L8 10.2l3.4-3.4M2.5 13.5h11',
  upload: 'M8 10.2V2M4.6 5.4L8 2l3.4 3.4M2.5 13.5h11',
  chevron: 'M4.5 6.5L8 10l3.5-3.5',
  up: 'M4.5 9.5L8 6l3.5 3.5',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  undo: 'M5.5 3L2.8 5.7l2.7 2.7M3 5.7h6.2a3.8 3.8 0 0 1 0 7.6H6',
  redo: 'M10.5 3l2.7 2.7-2.7 2.7M13 5.7H6.8a3.8 3.8 0 0 0 0 7.6H10',
  arrow: 'M2.5 8h10.5M9.6 4.6L13 8l-3.4 3.4',
  more: 'M3.5 8h.1M8 8h.1M12.5 8h.1',
  pencil: 'M3 13l.6-2.8 7.2-7.2 2.2 2.2-7.2 7.2z',
  trash: 'M3 4.5h10M6.2 4.5V2.8h3.6v1.7M4.3 4.5l.6 8.7h6.2l.6-8.7',
  search: 'M7 2.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8M10.3 10.3l3.2 3.2',
  lock: 'M3.5 7.2h9v6.3h-9zM5.4 7.2V5a2.6 2.6 0 0 1 5.2 0v2.2',
  keys: 'M1.8 4h12.4v8H1.8zM4.4 6.6h.1M7 6.6h.1M9.6 6.6h.1M11.8 6.6h.1M5 9.5h6',
} as const;

export type IconName = keyof typeof PATHS;

/** Always beside a word, or inside a control that has a name. */
export function Icon({ name, solid = false, size }: { name: IconName; solid?: boolean; size?: number }) {
  const style = size === undefined ? undefined : { width: size, height: size };
  return (
    <svg className={solid ? 'icon solid' : 'icon'} viewBox="0 0 16 16" aria-hidden="true" style={style}>
      <path d={PATHS[name]} />
    </svg>
  );
}
