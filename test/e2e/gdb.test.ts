/** Real sessions of gdb-multiarch, by script: what people do with GDB on this machine. */
import { afterAll, describe, expect, inject, it } from 'vitest';
import { spawnCli } from '../support/run-cli.ts';
import { DebuggedRun, gdb, mark, section } from './gdb-session.ts';
import { imagePath } from './session.ts';

const runs: DebuggedRun[] = [];
afterAll(() => {
  for (const run of runs) run.kill();
});

function start(image: string, ...options: string[]): DebuggedRun {
  const run = new DebuggedRun(inject('dist'), image, options);
  runs.push(run);
  return run;
}

/** A run that waits for GDB, and what GDB printed. */
async function debug(image: string, options: readonly string[], commands: readonly string[], extended = false) {
  const run = start(image, '--wait', ...options);
  const output = await gdb(await run.port(), commands, extended);
  return { run, output, of: (name: string): string => section(output, name) };
}

describe.concurrent('gdb-multiarch', () => {
  it('needs no file: breaks in the RPMsg image, steps, watches a ring, prints the message, and goes on to goodbye', async () => {
    const { run, output, of } = await debug(
      'imx8mp_rpmsg',
      ['--until', 'goodbye!'],
      [
        mark('break'),
        'break client_receive',
        'continue',
        mark('message'),
        'print *(char (*)[12])data',
        'backtrace',
        mark('finish'),
        'finish',
        mark('step'),
        'continue',
        'next',
        'step',
        'info line',
        mark('watch'),
        'delete',
        'break vring_put',
        'continue',
        'print ring->used->idx',
        'watch -location ring->used->idx',
        'delete 2',
        'continue',
        'print ring->used->idx',
        'backtrace 1',
        mark('go on'),
        'delete',
        'continue',
      ],
    );
    expect(of('break'), output).toMatch(
      /Breakpoint 1\.1, client_receive \(endpoint=0x\w+ <client>, source=1024, data=0x\w+, length=12\) at rpmsg\/main\.c/,
    );
    expect(of('message')).toContain('$1 = "hello world!"\n');
    expect(of('message')).toMatch(
      /#0 {2}client_receive .*\n#1 .* rpmsg_poll \(\) at common\/rpmsg\.c:\d+\n#2 .* main \(\) at rpmsg\/main\.c:\d+/,
    );
    expect(of('finish')).toMatch(/rpmsg_poll \(\) at common\/rpmsg\.c/);
    expect(of('step')).toMatch(/Breakpoint 1\.1, client_receive[\s\S]*\nprint \(format=/);
    expect(of('step')).toMatch(/Line \d+ of "common\/\w+\.c"/);
    const [, before, after] = /\$2 = (\d+)[\s\S]*\$3 = (\d+)/.exec(of('watch')) ?? [];
    expect(Number(after)).toBe(Number(before) + 1);
    expect(of('watch')).toMatch(
      new RegExp(`Hardware watchpoint 3: -location ring->used->idx\\n\\nOld value = ${before}\\nNew value = ${after}\\n`),
    );
    expect(of('watch')).toMatch(/#0 .* vring_put /);
    expect(of('go on')).toContain('exited normally');
    expect(await run.status()).toBe(0);
    expect(run.stdout).toMatch(/rpmsg_client_sample virtio0\S*: goodbye!\n/);
    expect(run.stdout.match(/incoming msg \d+ \(src/g)).toHaveLength(100);
  });

  it('attaches in the middle, looks, leaves, and the run ends as if nobody had been there', async () => {
    const options = ['--timeout', '40s', '--trace-hash'];
    const run = start('imx8mp_soak', ...options);
    const plain = spawnCli(inject('dist'), ['run', imagePath('imx8mp_soak'), ...options]);
    const output = await gdb(await run.port(), [
      mark('look'),
      'info threads',
      'backtrace',
      'print ticks',
      'info registers pc control',
      'monitor status',
      'detach',
    ]);
    expect(section(output, 'look'), output).toMatch(/\* 1 {4}Thread 1 "m7" \(/);
    expect(section(output, 'look')).toMatch(/\$1 = \d+\n/);
    expect(section(output, 'look')).toContain('detached]');
    expect(await run.status()).toBe(4);
    const trace = /^trace \w{64}$/m;
    expect(trace.exec(run.stdout)?.[0]).toBe(trace.exec((await plain).stdout)?.[0]);
  });

  it('holds the core while Linux goes on, on request', async () => {
    const run = start('imx8mp_wfi_tick');
    const port = await run.port();
    await run.shows(/up 1 s/);
    const look = ['monitor time', 'shell sleep 0.3', 'monitor time'];
    const output = await gdb(port, [mark('held'), ...look, mark('runs'), 'monitor linux run', ...look, 'detach']);
    const cycles = (name: string): number[] => [...section(output, name).matchAll(/cycle (\d+)/g)].map((found) => Number(found[1]));
    const instructions = (name: string): string[] => [...section(output, name).matchAll(/(\d+) instructions/g)].map((found) => found[1]!);
    const [first, second] = cycles('held');
    expect(second, output).toBe(first);
    const [third, fourth] = cycles('runs');
    // A tenth of a second at least.
    expect(fourth! - third!).toBeGreaterThan(80e6);
    expect(new Set([...instructions('held'), ...instructions('runs')]).size).toBe(1);
    await run.shows(/up 3 s/);
    run.kill();
  });

  it.each(['freertos', 'zephyr'])('lists the threads of a %s image, with their stacks', async (system) => {
    const { output, of } = await debug(
      `imx8mp_threads_${system}`,
      ['--until', '^item 20$'],
      [
        mark('before'),
        'info threads',
        'tbreak main.c:40 if consumed > 3',
        'continue',
        mark('threads'),
        'info threads',
        mark('stacks'),
        'thread apply all -ascending backtrace',
        mark('next'),
        'next',
        'next',
        'print produced',
        mark('monitor'),
        'monitor threads',
        'detach',
      ],
    );
    expect(of('before'), output).toMatch(/\* 1 {4}Thread 1 "m7" \(in reset\)/);
    expect(of('threads')).toMatch(/\* \d+ +Thread \d+ "calculator" \(running, priority \d\) +calculator \(\)/);
    for (const name of ['producer', 'consumer', 'IDLE'])
      expect(of('threads')).toMatch(new RegExp(`Thread \\d+ "${name}" \\((?!running)\\w+, priority \\d\\)`));
    expect(of('stacks')).toMatch(/"producer"[\s\S]*thread_sleep \(.*\n#1 .* in producer \(\) at threads\/main\.c/);
    expect(of('stacks')).toMatch(/"consumer"[\s\S]*item_take \(\) at threads\/\w+\.c:\d+\n#\d .* in consumer \(\)/);
    // Over a sleep and many switches, in one and the same thread.
    expect(of('next')).not.toMatch(/Switching|SIGTRAP/);
    expect(of('next')).toMatch(/\$1 = \d+/);
    expect(of('monitor')).toMatch(system === 'zephyr' ? /^Zephyr$/m : /^FreeRTOS$/m);
  });

  it('goes back to the store that last changed a variable', async () => {
    const { output, of } = await debug(
      'imx8mp_threads_freertos',
      ['--until', '^item 20$'],
      [
        'tbreak console_putc if consumed == 10',
        'continue',
        mark('back'),
        'watch consumed',
        'reverse-continue',
        'print consumed',
        'info symbol $pc',
        mark('who'),
        'monitor who consumed',
        mark('instruction'),
        'reverse-stepi',
        'stepi',
        'stepi',
        'print consumed',
        mark('beginning'),
        'delete',
        'reverse-continue',
        mark('forward'),
        'tbreak main',
        'continue',
        mark('end'),
        'continue',
        'continue',
      ],
    );
    expect(of('back'), output).toMatch(/Hardware watchpoint \d: consumed\n\nOld value = 10\nNew value = 9\n/);
    expect(of('back')).toMatch(/\$1 = 9\nconsumer \+ \d+ in section \.text/);
    expect(of('who')).toMatch(
      /consumed \(4 bytes\) was written last by m7 at 0x\w{8} consumer\+0x\w+ \(.*threads\/main\.c:\d+\), cycle \d+/,
    );
    expect(of('instruction')).toMatch(/\$2 = 10/);
    expect(of('beginning')).toContain('No more reverse-execution history.');
    expect(of('forward')).toMatch(/Temporary breakpoint \d, main \(\)/);
    expect(of('end')).toMatch(/No more reverse-execution history[\s\S]*exited normally/);
  });

  it('loads, compares, watches reads and accesses, and has monitor commands', async () => {
    const { output, of } = await debug(
      'imx8mp_rpmsg',
      [],
      [
        `file ${imagePath('imx8mp_rpmsg')}`,
        mark('load'),
        'load',
        'compare-sections .text',
        mark('damage'),
        'set {int}0x400 = 0x12345678',
        'compare-sections .text',
        'load',
        'compare-sections .text',
        mark('run'),
        'break client_receive if length == 12',
        'ignore 1 4',
        'continue',
        mark('rwatch'),
        'rwatch client.address',
        'continue',
        'delete 2',
        mark('awatch'),
        'awatch client.address',
        'continue',
        'delete 3',
        ...[
          'vring',
          'rpmsg',
          'dmesg 3',
          'info irq',
          'info mu',
          'info resource-table',
          'peripherals',
          'peripherals UART4',
          'status',
          'help',
          'vrings',
          'goto',
        ].flatMap((command) => [mark(command), `monitor ${command}`]),
        mark('float'),
        'set $d0 = 1.5',
        'print $d0',
        'print $s1',
        mark('kill'),
        'kill',
      ],
    );
    expect(of('load'), output).toMatch(/Loading section \.text, size 0x\w+/);
    expect(of('load')).toMatch(/Section \.text, range 0x0 -- 0x\w+: matched\./);
    expect(of('damage')).toMatch(/MIS-MATCHED![\s\S]*: matched\./);
    expect(of('run')).toMatch(/Breakpoint 1\.1, client_receive/);
    expect(of('rwatch')).toMatch(/Hardware read watchpoint 2: client\.address\n\nValue = 1024/);
    expect(of('awatch')).toMatch(/Hardware access \(read\/write\) watchpoint 3: client\.address\n\nValue = 1024/);
    expect(of('vring')).toMatch(/virtio0 vring0 \(core to Linux\): 256 descriptors[\s\S]*virtio0 vring1 \(Linux to core\)/);
    expect(of('rpmsg')).toMatch(/channel +rpmsg-client-sample +0x400 -> 0x400 +driver rpmsg_client_sample/);
    expect(
      of('dmesg 3')
        .trim()
        .split('\n')
        .slice(-3)
        .every((line) => /^\[ +\d+\.\d{6}\] /.test(line)),
    ).toBe(true);
    expect(of('info irq')).toMatch(/^113 +IRQ 97 +.*MU1.* enabled/m);
    expect(of('info mu')).toMatch(/side A \(linux\) +.*RR0=/);
    expect(of('info resource-table')).toMatch(/vdev/);
    expect(of('peripherals')).toMatch(/^UART4 +0x30a60000 /m);
    expect(of('peripherals UART4')).toMatch(/^UCR1 +0x30a60080 /m);
    expect(of('status')).toMatch(/^m7: running, pc 0x\w{8} find\+/m);
    expect(of('help')).toMatch(/who <address\|symbol>/);
    expect(of('vrings')).toContain('did you mean vring?');
    expect(of('goto')).toContain('give a time');
    expect(of('float')).toMatch(/\$\d = 1\.5\n\$\d = 1\.9375/);
    expect(of('kill')).toContain('killed]');
  });

  it('is interrupted by Ctrl-C, runs again, and is refused while another GDB is there', async () => {
    const run = start('imx8mp_hello', '--wait');
    const port = await run.port();
    const output = await gdb(
      port,
      [
        '!',
        mark('interrupt'),
        'shell (sleep 0.5; kill -INT $PPID) &',
        'continue',
        mark('second'),
        `shell gdb-multiarch -nx -batch -ex 'target remote localhost:${port}'`,
        mark('restart'),
        'break main',
        'run',
        'info symbol $pc',
        mark('kill'),
        'kill',
        'run',
        'detach',
      ].slice(1),
      true,
    );
    expect(section(output, 'interrupt'), output).toContain('Program received signal SIGINT');
    expect(section(output, 'second')).toContain('m7 has a GDB client already');
    expect(section(output, 'restart')).toMatch(/Breakpoint 1, main \(\)[\s\S]*main in section \.text/);
    expect(section(output, 'kill')).toMatch(/killed\][\s\S]*Breakpoint 1, main \(\)/);
    run.kill();
  });

  it('says which fault ended the firmware, and prints what semihosting prints', async () => {
    const [fault, semihosting] = await Promise.all([
      debug('imx8mp_fault', [], [mark('fault'), 'continue', mark('where'), 'backtrace', mark('again'), 'continue']),
      debug(
        'semihosting_exit7',
        ['--soc', 'cortex-m7', '--semihosting'],
        ['monitor semihosting gdb', mark('text'), 'continue', mark('exit'), 'print $_exitcode'],
      ),
    ]);
    expect(fault.of('fault'), fault.output).toContain('Program received signal SIGBUS');
    expect(fault.of('fault')).toContain('PRECISERR');
    expect(fault.of('where')).toMatch(/<signal handler called>[\s\S]* main \(\)/);
    expect(fault.of('again')).toMatch(/the run is over/);
    expect(await fault.run.status()).toBe(1);
    expect(semihosting.of('text'), semihosting.output).toMatch(
      /hello from semihosting, -1 text 00c0ffee\nleaving with status 7\n\[Inferior 1 \(Remote target\) exited with code 07\]/,
    );
    expect(semihosting.of('exit')).toContain('$1 = 7');
    expect(semihosting.run.stdout).not.toContain('hello from semihosting');
    expect(await semihosting.run.status()).toBe(7);
  });
});
