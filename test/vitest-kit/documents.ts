/**
 * The examples of docs/testing.md as test files of a project. A block is a whole test file; with a word behind `ts` it is the body of a test with
 * the `m` of that firmware (`ts zephyr`, `ts door`, `ts echo`), or the project's configuration (`ts config`).
 */
import { readFileSync } from 'node:fs';

/** A block of code of a page. */
export interface Block {
  /** The word behind `ts`. */
  readonly kind: string;
  readonly code: string;
  /** Line of the page on which it begins. */
  readonly line: number;
}

/** Blocks of TypeScript of a page, `path` relative to the repository. */
export function blocksOf(path: string): Block[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^```ts ?(\w*)\n(.*?)^```/gms)].map((match) => ({
    kind: match[1]!,
    code: match[2]!,
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** How a fragment gets its `m`. */
const FIXTURES: Readonly<Record<string, string>> = {
  zephyr: "{ firmware: 'build/zephyr/zephyr.elf', setup: (m) => m.linux.waitFor('/dev/ttyRPMSG0') }",
  door: "{ firmware: 'build/door.elf', linux: false, setup: (m) => m.until('uart4', 'ready') }",
  echo: "{ firmware: 'build/str_echo.elf', kernel: 'nxp', setup: (m) => m.until('uart4', 'ready for incoming messages'), stacks: true }",
};

/** Files of a project that runs all blocks, by name. @throws {Error} for a kind of block that there is not */
export function documentFiles(blocks: readonly Block[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { kind, code, line } of blocks) {
    if (kind === 'config') files['vitest.config.ts'] = code;
    else if (kind === '') files[`test/line-${line}.test.ts`] = code;
  }
  for (const [kind, options] of Object.entries(FIXTURES)) {
    const own = blocks.filter((block) => block.kind === kind);
    if (own.length === 0) continue;
    const tests = own.map(({ code, line }) => `test('line ${line}', async ({ m }) => {\n${code}});\n`);
    const head = `import { firmwareTest } from 'imx-sim/vitest';\nimport { expect } from 'vitest';\n\nconst test = firmwareTest(${options});\n`;
    files[`test/${kind}.test.ts`] = `${head}\n${tests.join('\n')}`;
  }
  const unknown = blocks.find(({ kind }) => kind !== '' && kind !== 'config' && !(kind in FIXTURES));
  if (unknown) throw new Error(`line ${unknown.line}: no firmware for blocks of kind ${unknown.kind}`);
  return files;
}
