/**
 * `imx-sim dts`: the device tree with which Linux boots, as text or blob: the one that is built in, or the user's with its overlays.
 */
import { writeFileSync } from 'node:fs';
import { builtInSource } from '../../devicetree/built-in-tree.ts';
import { chooseTree } from '../../devicetree/load.ts';
import { writeDtb } from '../../devicetree/write-dtb.ts';
import { writeDts } from '../../devicetree/write-dts.ts';
import { UsageError } from '../../errors.ts';
import { lintTree } from '../../linux/tree-lint.ts';
import { EXIT } from '../../session/exit.ts';
import { findingLines } from '../../session/renderer.ts';
import { findSoc, SOCS } from '../../soc/index.ts';
import { findBoard } from '../../soc/soc.ts';
import { readTrees, type TreeOptions } from '../tree-file.ts';

/** What the user chose. */
export interface DtsOptions extends TreeOptions {
  readonly soc?: string;
  readonly board?: string;
  readonly outFormat: 'dts' | 'dtb';
  readonly output?: string;
}

/** Writes the tree and, on standard error, what is wrong with it; the status is 2 when remoteproc cannot work with it. @throws {ImxSimError} */
export function dts(options: DtsOptions): number {
  const soc = findSoc(options.soc ?? SOCS[0]!.name);
  const board = findBoard(soc, options.board);
  if (!board) throw new UsageError(`${soc.name} is a bare core, which has no device tree`, 'choose a SoC with --soc', '--soc');
  const trees = readTrees(options);
  const tree = chooseTree(soc, board, trees);
  const plain = trees.dtb === undefined && trees.overlays === undefined;
  const dtb = options.outFormat === 'dtb';
  const bytes = dtb ? writeDtb(tree) : plain ? builtInSource(soc, board) : writeDts(tree);
  if (options.output !== undefined) write(options.output, bytes);
  else if (dtb && process.stdout.isTTY) throw new UsageError('a blob is not for a terminal', 'name a file with -o', '-o');
  else process.stdout.write(bytes);
  const findings = lintTree(tree, soc, board);
  for (const line of findings.flatMap(findingLines)) process.stderr.write(`${line}\n`);
  return findings.some(({ severity }) => severity === 'error') ? EXIT.USAGE : EXIT.OK;
}

function write(path: string, bytes: string | Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, 'name a file that can be written', '-o');
  }
}
