import { describe, expect, it } from 'vitest';
import { terminalText } from '../../src/session/terminal-text.ts';

const ESC = '\u001b';

describe('a line as a terminal shows it', () => {
  it.each([
    ['plain text stays, with tabs and everything printable', 'a\tb ~ é 🙂', 'a\tb ~ é 🙂'],
    ['colours go', `${ESC}[1;32muart:~$ ${ESC}[m`, 'uart:~$ '],
    [
      'a prompt that a log message takes away',
      `${ESC}[1;32muart:~$ ${ESC}[m${ESC}[8D${ESC}[J[00:00:01.000] <inf> log`,
      '[00:00:01.000] <inf> log',
    ],
    ['backspace, as shells rub out', 'helx\b \bp', 'help'],
    ['cursor left and a new end', `kernel${ESC}[3D${ESC}[Kuname`, 'keruname'],
    ['a character put into the middle', `hlp${ESC}[2D${ESC}[@e`, 'help'],
    ['one taken out of the middle', `heelp${ESC}[3D${ESC}[P`, 'help'],
    ['a return: progress over progress', '10 %\r20 %\r100 %', '100 %'],
    ['shorter over longer', 'longer\rshort', 'shortr'],
    ['cursor saved and restored', `ab${ESC}7cd${ESC}8X`, 'abXd'],
    ['the same, as control sequences', `ab${ESC}[scd${ESC}[uX`, 'abXd'],
    ['cursor right past the end', `a${ESC}[3Cb`, 'a   b'],
    ['a column', `abc${ESC}[2Gx`, 'axc'],
    ['erase before the cursor, and the line', `abc${ESC}[2D${ESC}[1K|abc${ESC}[2K`, ''],
    ['absolute positions and the screen are left out', `${ESC}[2J${ESC}[15;1HDemo${ESC}Mx\u0007`, 'Demox'],
    ['a position ends what was being written over', `abc\r${ESC}[2;1Hdef`, 'abcdef'],
    ['half a sequence', `abc${ESC}[1`, 'abc[1'],
  ])('%s', (_what, text, shown) => expect(terminalText(text)).toBe(shown));

  it('keeps colours when asked, each with its characters, and ends them', () => {
    expect(terminalText(`${ESC}[1;32muart:~$ ${ESC}[mls`, true)).toBe(`${ESC}[1;32muart:~$ ${ESC}[mls`);
    expect(terminalText(`${ESC}[31mbad`, true)).toBe(`${ESC}[31mbad${ESC}[m`);
    expect(terminalText(`${ESC}[31m${ESC}[1mab\b${ESC}[0mc`, true)).toBe(`${ESC}[31m${ESC}[1ma${ESC}[mc`);
  });

  it('is bounded, whatever the firmware writes', () => {
    expect(terminalText(`${ESC}[999999999Cx${ESC}[999999999@`).length).toBeLessThanOrEqual(8192);
    expect(terminalText(`a${`${ESC}[9999@`.repeat(500)}`).length).toBeLessThanOrEqual(8192);
    expect(terminalText(`${`${ESC}[31m`.repeat(10_000)}x`, true).length).toBeLessThan(100);
  });
});
