/** The theme's colours and sizes, as a canvas needs them. */
import { color } from '../../theme.ts';
import type { Tone } from './describe.ts';

export interface Palette {
  readonly surface: string;
  readonly sunken: string;
  readonly raised: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly text: string;
  readonly text2: string;
  readonly text3: string;
  readonly accent: string;
  readonly tone: Readonly<Record<Tone, string>>;
  /** Pixels of 1rem. */
  readonly rem: number;
  readonly mono: string;
  readonly sans: string;
}

const TONES: readonly Tone[] = [
  'linux',
  'core',
  'doorbell',
  'vring',
  'message',
  'console',
  'interrupt',
  'thread',
  'error',
  'warning',
  'note',
];

/** Asks the page's styles; costs a moment, so it is kept until theme or size change. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return {
    surface: color('--surface'),
    sunken: color('--sunken'),
    raised: color('--raised'),
    line: color('--line'),
    lineStrong: color('--line-strong'),
    text: color('--text'),
    text2: color('--text-2'),
    text3: color('--text-3'),
    accent: color('--accent'),
    tone: Object.fromEntries(TONES.map((tone) => [tone, color(`--${tone}`)])) as Record<Tone, string>,
    rem: Number.parseFloat(style.fontSize) || 13,
    mono: style.getPropertyValue('--mono').trim() || 'monospace',
    sans: style.getPropertyValue('--font').trim() || 'sans-serif',
  };
}
