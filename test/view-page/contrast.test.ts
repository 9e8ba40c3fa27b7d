/** WCAG AA of the page's theme, computed from theme.css: text on the grounds it stands on, and borders of controls. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../view/src/theme.css', import.meta.url), 'utf8');

type Rgb = readonly [number, number, number];
type Mode = 'light' | 'dark';

function declaration(name: string): string {
  const found = new RegExp(`^\\s*--${name}:\\s*([^;]+);`, 'm').exec(css);
  if (!found) throw new Error(`theme.css has no --${name}`);
  return found[1]!.trim();
}

/** The colour of a token: light-dark() of hex values, or color-mix() of two tokens. */
function resolve(name: string, mode: Mode): Rgb {
  const text = declaration(name);
  const pair = /^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$/.exec(text);
  if (pair) return rgb(mode === 'light' ? pair[1]! : pair[2]!);
  const alias = /^var\(--([\w-]+)\)$/.exec(text);
  if (alias) return resolve(alias[1]!, mode);
  const mix = /^color-mix\(in srgb, var\(--([\w-]+)\) (\d+)%, var\(--([\w-]+)\)\)$/.exec(text);
  if (!mix) throw new Error(`--${name}: ${text} is not understood`);
  const share = Number(mix[2]) / 100;
  const a = resolve(mix[1]!, mode);
  const b = resolve(mix[3]!, mode);
  return [0, 1, 2].map((channel) => a[channel]! * share + b[channel]! * (1 - share)) as unknown as Rgb;
}

function rgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

const HUES = ['accent', 'linux', 'core', 'doorbell', 'vring', 'message', 'console', 'interrupt', 'thread', 'error', 'warning'];
const GROUNDS = ['bg', 'surface', 'raised', 'sunken'];

describe.each<Mode>(['light', 'dark'])('theme %s', (mode) => {
  test.each(['text', 'text-2', 'text-3', ...HUES])('--%s is readable (4.5:1) on every ground', (name) => {
    for (const ground of GROUNDS) {
      expect(contrast(resolve(name, mode), resolve(ground, mode)), `--${name} on --${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each([...HUES, 'note'])('--%s is readable on its own ground, and plain text as well', (name) => {
    expect(contrast(resolve(name, mode), resolve(`${name}-ground`, mode))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(resolve('text', mode), resolve(`${name}-ground`, mode))).toBeGreaterThanOrEqual(7);
    expect(contrast(resolve('text-2', mode), resolve(`${name}-ground`, mode))).toBeGreaterThanOrEqual(4.5);
  });

  test('what stands on filled accents, errors and selections is readable', () => {
    for (const name of ['accent', 'error']) expect(contrast(resolve('on-fill', mode), resolve(name, mode))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(resolve('surface', mode), resolve('text', mode))).toBeGreaterThanOrEqual(7);
    expect(contrast(resolve('text', mode), resolve('selection', mode))).toBeGreaterThanOrEqual(4.5);
  });

  test('borders of controls can be seen (3:1), and so can the focus ring', () => {
    for (const ground of GROUNDS) {
      expect(contrast(resolve('control', mode), resolve(ground, mode)), `--control on --${ground}`).toBeGreaterThanOrEqual(3);
      expect(contrast(resolve('accent', mode), resolve(ground, mode))).toBeGreaterThanOrEqual(3);
    }
  });

  test('hues that mean different things look different', () => {
    for (const [index, name] of HUES.entries()) {
      for (const other of HUES.slice(index + 1)) {
        const a = resolve(name, mode);
        const b = resolve(other, mode);
        expect(Math.hypot(...a.map((value, channel) => value - b[channel]!)), `--${name} and --${other}`).toBeGreaterThan(28);
      }
    }
  });
});
