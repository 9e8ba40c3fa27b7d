/**
 * A run with the view's server, for whoever works on its page: see view-dev.mjs.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseEngine, loadCapstone } from '../../src/cli/engines.ts';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { hostTurns } from '../../src/cli/pace.ts';
import { HumanRenderer } from '../../src/cli/renderer.ts';
import { openViewListener } from '../../src/cli/view-listener.ts';
import { Debugger } from '../../src/debug/debugger.ts';
import { capstoneDisassembler, instructionText, thumbHandle } from '../../src/session/disassembler.ts';
import { runInputs } from '../../src/session/run-inputs.ts';
import { Session } from '../../src/session/session.ts';
import { chooseTarget } from '../../src/session/target.ts';
import { ViewPace } from '../../src/view/pace.ts';
import { viewOfRun } from '../../src/view/run-view.ts';

const root = resolve(import.meta.dirname, '../..');

/** The token of every such server: its address stays the same. */
export const DEV_TOKEN = 'dev';

/** Runs until it is interrupted. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '8420' },
      page: { type: 'string' },
      pace: { type: 'string', default: '1' },
      quiet: { type: 'boolean' },
      wait: { type: 'boolean' },
      semihosting: { type: 'boolean' },
    },
  });
  const path = resolve(positionals[0] ?? `${root}/images/imx8mp_pingpong.elf`);
  const firmware = readFirmware(path);
  const { engine } = await chooseEngine({ cpu: 'jit', lockstep: ['interpreter', 'jit'] }, firmware);
  const text = (line: string): void => void (values.quiet || process.stderr.write(line));
  const turn = hostTurns();
  const pace = new ViewPace(
    { now: () => performance.now(), sleep: (ms) => new Promise((done) => setTimeout(done, ms)), turn },
    Number(values.pace),
  );
  const renderer = new HumanRenderer({ out: text, err: text, colors: { out: false, err: false } });
  const session = new Session(
    { firmware, target: chooseTarget(firmware, {}), engine, timeout: Number.POSITIVE_INFINITY, semihosting: values.semihosting ?? false },
    { renderer, disassemble: capstoneDisassembler(loadCapstone), now: () => performance.now(), pause: (seconds) => pace.wait(seconds) },
  );
  const inputs = runInputs({ session });
  const debug = new Debugger({ session, inputs, wait: values.wait ?? false });
  debug.attach('view-dev');
  const hub = viewOfRun({
    machine: session.machine,
    inputs,
    debugger: debug,
    pace,
    title: firmware.name,
    version: 'dev',
    semihosting: values.semihosting ?? false,
    disassemble: async (bytes, address, limit) => {
      const handle = thumbHandle(await loadCapstone());
      try {
        return handle.disasm(bytes, address, limit).map((each) => ({
          address: Number(each.address),
          size: each.size,
          mnemonic: each.mnemonic,
          operands: instructionText(each).slice(each.mnemonic.length).trim(),
        }));
      } finally {
        handle.close();
      }
    },
    host: { now: () => performance.now(), internal: (error, method) => console.error(method, error) },
  });
  const pageDirectory = resolve(values.page ?? `${root}/test/support/view-dev-page`);
  const { url } = await openViewListener({ hub, port: Number(values.port), pageDirectory, token: DEV_TOKEN, note: console.log });
  console.log(`${firmware.name}: ${url} (socket ${url.replace('http', 'ws')}ws)`);
  process.on('SIGINT', () => process.exit(0));
  const status = await session.run(true, 'somebody does something in the page');
  hub.close('the run is over');
  console.log(`ended with status ${status}`);
  process.exit(0);
}
