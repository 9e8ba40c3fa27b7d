/** Line tables against llvm-dwarfdump row by row, and places against gdb. */
import { describe, expect, it } from 'vitest';
import { dwarfOf, expectedOf, FIXTURES } from './support.ts';

describe.each(FIXTURES)('lines of %s', (name) => {
  const dwarf = dwarfOf(name);
  const expected = expectedOf(name);

  it('are those of llvm-dwarfdump', () => {
    const rows = dwarf.lineTable().flatMap(({ rows: own }) => own);
    const ours = rows.map((row) => [
      row.address,
      row.file,
      row.line,
      row.column,
      Number(row.isStatement),
      Number(row.endSequence),
      row.discriminator,
      Number(row.prologueEnd),
    ]);
    expect(ours.length).toBeGreaterThan(50);
    expect(ours).toEqual(expected.lines);
    expect(dwarf.problems).toEqual([]);
  });

  it('and functions are at every address those of gdb', () => {
    const differences = expected.places.filter(([pc, file, line, names]) => {
      const place = dwarf.lineAt(pc);
      // Strict DWARF 2 does not say where a function was inlined; gdb leaves such calls out.
      const known = place?.inlinedFrom.filter((frame) => frame.line > 0) ?? [];
      const own = place?.inlinedFrom.length === known.length ? place.function : dwarf.functionAt(pc)?.qualifiedName;
      const ours = place === undefined ? [] : [own, ...known.map((frame) => frame.function)];
      return (
        (file !== null && place?.file !== file) ||
        place?.line !== line ||
        ours.join() !== names.map((each) => each.replace(/\([\w\s*,]*\)( const)?$/, '')).join()
      );
    });
    expect(differences.map(([pc, file, line, names]) => [{ pc, file, line, names }, dwarf.lineAt(pc)])).toEqual([]);
  });
});
