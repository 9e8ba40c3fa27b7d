/** docs/errors.md against the sources: codes, classes, exit statuses and stop reasons, in both directions. */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { filesUnder, quoted, read, tableRows } from './support.ts';

const PAGE = read('docs/errors.md');
const CODES = tableRows(PAGE, ['code', 'class', 'cause', 'remedy']);
const STATUSES = tableRows(PAGE, ['status', 'name', 'when']);
const STOPS = tableRows(PAGE, ['stop reason', 'meaning', 'status']);
const ERRORS = read('src/errors.ts');

/** Every code that occurs in src, as a string or in the type that lists them. */
function codesOfSources(): string[] {
  const texts = filesUnder('src', '.ts').map(read);
  const codes = texts.flatMap((text) => [...text.matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code!));
  return [...new Set(codes)].sort();
}

describe('docs/errors.md', () => {
  it('has a row for every code in src, and no other', () => {
    expect(CODES.map(([code]) => quoted(code!)[0]).sort()).toEqual(codesOfSources());
  });

  it('says for every code what causes it and what to do', () => {
    expect(CODES.filter(([, , cause, remedy]) => !cause || !remedy)).toEqual([]);
  });

  it('gives each code the class that carries it', () => {
    const own = new Map(
      [...ERRORS.matchAll(/class (\w+) extends (?:ImxSimError|WaitError)(.*?)\n}/gs)].map(([, name, body]) => [name!, body!]),
    );
    for (const [code, name] of CODES.map(([first, second]) => [quoted(first!)[0]!, quoted(second!)[0]!] as const)) {
      expect([...own.keys()], code).toContain(name);
      if (name !== 'FirmwareError') expect(own.get(name), code).toContain(`'${code}'`);
    }
  });

  it('names every class of errors.ts', () => {
    const classes = [...ERRORS.matchAll(/export class (\w+)/g)].map(([, name]) => name!);
    expect(classes.length).toBeGreaterThan(5);
    expect(classes.filter((name) => !quoted(PAGE).includes(name))).toEqual([]);
  });

  it('lists the exit statuses', () => {
    const rows = STATUSES.map(([status, name]) => [quoted(name!)[0], Number(status)]);
    expect(Object.fromEntries(rows)).toEqual(EXIT);
  });

  it('quotes findings as the models word them', () => {
    const sources = filesUnder('src', '.ts').map(read).join('\n');
    const texts = tableRows(PAGE, ['finding', 'what it means', 'what to do']).flatMap(([finding]) => quoted(finding!));
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter((text) => !sources.includes(text))).toEqual([]);
  });

  it('lists the stop reasons of Machine.run', () => {
    const type = /export type StopReason =(.*?);\n\n/s.exec(read('src/machine.ts'))?.[1] ?? '';
    const kinds = [...type.matchAll(/kind: '([^']+)'/g)].map(([, kind]) => kind!);
    expect(kinds.length).toBeGreaterThan(5);
    expect(STOPS.map(([kind]) => quoted(kind!)[0]).sort()).toEqual(kinds.sort());
  });
});
