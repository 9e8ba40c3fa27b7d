import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { conditionText, matches, parseLineCondition } from '../../src/session/until.ts';
import { SOCS } from '../../src/soc/index.ts';

const line = (source: string, text: string) => ({ source, text, cycle: 0, seconds: 0, complete: true });

describe('parseLineCondition', () => {
  it.each([
    ['ttyRPMSG30=Toradex', 'ttyRPMSG30', 'Toradex'],
    ['uart4=^login: $', 'uart4', '^login: $'],
    ['lpuart1=x', 'lpuart1', 'x'],
    ['linux=a=b', 'linux', 'a=b'],
    ['console=ready', 'console', 'ready'],
    ['semihosting=pass', 'semihosting', 'pass'],
    ['uart9==', 'uart9', '='],
  ])('%s names a device', (value, device, source) => {
    expect(parseLineCondition(value)).toEqual({ device, pattern: new RegExp(source) });
  });

  it.each([
    'ready',
    'count=5',
    'Linux=5',
    'ttyRPMSG=x',
    'uart=x',
    'my uart4=x',
    '^uart4=x',
    'uart4[=]x',
    '=x',
    'uart4',
    '[a-z]=x',
    'uart4 =x',
  ])('%s is an expression as it stands', (value) => expect(parseLineCondition(value)).toEqual({ pattern: new RegExp(value) }));

  it('knows every UART that is modelled', () => {
    const uarts = SOCS.flatMap(({ peripherals }) =>
      peripherals.filter(({ kind }) => kind.endsWith('uart')).map(({ name }) => name.toLowerCase()),
    );
    expect(uarts).toContain('uart4');
    for (const uart of uarts) expect(parseLineCondition(`${uart}=x`).device).toBe(uart);
  });

  it.each(['', 'uart4=', 'linux='])('%j would match every line', (value) => {
    expect(() => parseLineCondition(value)).toThrow(/every line would match/);
  });

  it.each(['[ttyRPMSG30] Toradex', '^\\[ttyRPMSG30\\] Toradex', 'linux=[ttyRPMSG30] x'])('%s holds a prefix that no line has', (value) => {
    expect(() => parseLineCondition(value)).toThrow(/without the prefix \[ttyRPMSG30\]; write ttyRPMSG30=<regex>/);
  });

  it.each(['(', 'uart4=['])('%s is no expression', (value) => expect(() => parseLineCondition(value)).toThrow(UsageError));
});

describe('matches', () => {
  it('every device, or the one that is named', () => {
    const [any, named] = [parseLineCondition('Tora'), parseLineCondition('ttyRPMSG30=Tora')];
    expect([any, named].map((condition) => matches(condition, line('ttyRPMSG30', 'Toradex!')))).toEqual([true, true]);
    expect([any, named].map((condition) => matches(condition, line('uart4', 'got "Toradex!"')))).toEqual([true, false]);
    expect([any, named].map((condition) => matches(condition, line('ttyRPMSG3', 'Toradex!')))).toEqual([true, false]);
    expect([any, named].map((condition) => matches(condition, line('ttyRPMSG30', 'other')))).toEqual([false, false]);
  });

  it('looks at the text with and without what it does to a terminal', () => {
    const coloured = line('uart4', '\u001b[32mready\u001b[0m');
    expect(matches(parseLineCondition('uart4=^ready$'), coloured)).toBe(true);
    expect(matches(parseLineCondition('uart4=\\x1b\\[32m'), coloured)).toBe(true);
  });
});

it('says what did not come', () => {
  expect(conditionText(parseLineCondition('never'))).toBe('no line matched /never/');
  expect(conditionText(parseLineCondition('uart4=never'))).toBe('no line of uart4 matched /never/');
});
