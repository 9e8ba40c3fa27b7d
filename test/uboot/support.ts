/**
 * A U-Boot on bare memory: no machine, no engine. What it prints is collected, with the carriage returns of its UART taken out.
 */

import { DeviceTree } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { EventHub } from '../../src/events.ts';
import { Kernel, type KernelCode } from '../../src/linux/kernel.ts';
import { Arena } from '../../src/memory/arena.ts';
import { MiB } from '../../src/memory/bits.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import type { CoreBoot } from '../../src/remoteproc/imx-rproc.ts';
import { Scheduler } from '../../src/time/scheduler.ts';
import { UBOOT_BOARDS, type UBootBoard } from '../../src/uboot/boards.ts';
import { type BootFile, bytesFile, kernelFile, type MmcSlot } from '../../src/uboot/media.ts';
import { UBoot } from '../../src/uboot/uboot.ts';

const HZ = 100_000_000;

/** What a line printed, and its result. */
export interface Outcome {
  readonly code: number;
  readonly text: string;
}

/** A tree with what the fix-ups and the tests look for. */
export function exampleTree(): DeviceTree {
  const tree = new DeviceTree();
  tree.root.set('#address-cells', 2).set('#size-cells', 2).set('model', 'test board').set('compatible', ['a,b', 'c,d']);
  tree.root.add('aliases').set('serial0', '/soc/serial@1000');
  tree.root.add('memory@40000000').set('device_type', 'memory').set('reg', [0, 0x4000_0000, 0, 0x1000]);
  tree.root.add('chosen').set('stdout-path', 'serial0');
  const soc = tree.root.add('soc').set('ranges');
  soc
    .add('serial@1000')
    .set('reg', [0, 0x1000])
    .set('status', 'okay')
    .set('mac', new Uint8Array([0, 1, 2]));
  soc.add('rpmsg-a').set('compatible', 'fsl,imx7d-rpmsg').set('status', 'okay');
  soc.add('rpmsg-b').set('compatible', 'fsl,imx7d-rpmsg').set('status', 'okay');
  return tree;
}

/** Options of a test. */
export interface TestOptions {
  readonly board?: UBootBoard;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly script?: readonly string[];
  /** Autoboot goes on until a key comes. */
  readonly autoboot?: boolean;
}

/** A boot loader, and what came of it. */
export class TestBoot {
  readonly scheduler = new Scheduler(HZ);
  readonly view = new AddressSpace('linux');
  readonly uboot: UBoot;
  readonly board: UBootBoard;
  readonly starts: { readonly core: string; readonly boot: CoreBoot }[] = [];
  readonly findings: string[] = [];
  /** The tree that Linux got. */
  tree: DeviceTree | undefined;
  resetCause: string | undefined;
  up = false;
  private readonly kernel: Kernel;
  private output = '';

  constructor({ board = UBOOT_BOARDS.EVK, files = {}, script, autoboot = false }: TestOptions = {}) {
    this.board = board;
    const arena = new Arena(64 * MiB);
    const events = new EventHub();
    this.view.mapRam(0x007e_0000, new Ram('TCM', 0x4_0000, arena));
    this.view.mapRam(0x0018_0000, new Ram('OCRAM_S', 0x9000, arena));
    this.view.mapRam(0x0090_0000, new Ram('OCRAM', 0x4_0000, arena));
    this.view.mapRam(0x3039_0000, new Ram('SRC', 0x1000, arena));
    for (const [index, { base, size }] of board.dram.entries()) {
      if (base < 2 ** 32) this.view.mapRam(base, new Ram(`DDR${index}`, size, arena));
    }
    this.kernel = new Kernel({ scheduler: this.scheduler, memory: this.view, events });
    events.subscribe((event) => {
      if (event.type === 'console') this.output += String.fromCharCode(event.byte);
    });
    this.uboot = new UBoot({
      kernel: this.kernel,
      board,
      slots: slots(board, files),
      control: {
        startCore: (core, boot) => {
          this.starts.push({ core, boot });
          this.up = true;
          return 0;
        },
        coreStarted: () => this.up,
      },
      handOver: (tree) => {
        this.tree = tree;
      },
      reset: (cause) => {
        this.resetCause = cause;
      },
      onFinding: (text) => this.findings.push(text),
      ...(script ? { script } : autoboot ? {} : { script: ['true'] }),
    });
    if (autoboot) return;
    this.until(() => this.uboot.state !== 'busy');
    this.take();
  }

  /** What was printed since the last call. */
  take(): string {
    const text = this.output.replaceAll('\r\n', '\n');
    this.output = '';
    return text;
  }

  /** Lets time pass until `condition`, at most `seconds`; false when it did not come. */
  until(condition: () => boolean, seconds = 100): boolean {
    const end = this.scheduler.now + seconds * HZ;
    for (;;) {
      this.scheduler.fireDue();
      if (condition()) return true;
      const next = this.scheduler.nextDeadline;
      if (next > end) {
        this.scheduler.advanceTo(end);
        return false;
      }
      this.scheduler.advanceTo(next);
    }
  }

  /** Runs code of the kernel to its end. */
  finish<T>(code: KernelCode<T>, seconds = 1000): T | undefined {
    let result: T | undefined;
    let done = false;
    this.kernel.spawn(
      'test',
      (function* (): KernelCode {
        result = yield* code;
        done = true;
      })(),
    );
    this.until(() => done, seconds);
    return result;
  }

  /** Executes a line and gives what it printed. */
  run(line: string, seconds?: number): Outcome {
    const code = this.finish(this.uboot.execute(line), seconds) ?? -1;
    return { code, text: this.take() };
  }

  /** What a line printed. */
  say(line: string): string {
    return this.run(line).text;
  }

  /** Keys for the console; gives what came back until it waits again. */
  type(text: string): string {
    this.uboot.type(new TextEncoder().encode(text));
    this.until(() => false, 1);
    return this.take();
  }

  /** Puts a tree into memory and makes it the working one. */
  useTree(address: number, tree = exampleTree(), padding = 0): void {
    this.view.writeBytes(address, writeDtb(tree, { padding }));
    this.say(`fdt addr ${address.toString(16)}`);
  }
}

function slots(board: UBootBoard, files: Readonly<Record<string, Uint8Array>>): MmcSlot[] {
  const boot = new Map<string, BootFile>([[board.kernel.kind, kernelFile(board.kernel.kind, board.kernel.size)]]);
  for (const name of board.trees) boot.set(name, bytesFile(writeDtb(exampleTree())));
  for (const [name, bytes] of Object.entries(files)) boot.set(name, bytesFile(bytes));
  const root = new Map<string, BootFile>([['lib/firmware/fw.elf', bytesFile(new Uint8Array(100))]]);
  return board.slots.map((number) => {
    const card = board.cards.find(({ slot }) => slot === number);
    if (!card) return { number };
    const partitions = [
      { type: 'fat' as const, start: 16384, sectors: 170392, files: boot },
      { type: 'ext4' as const, start: 196608, sectors: 30920704, files: root },
    ];
    return { number, device: { ...card, partitions } };
  });
}
