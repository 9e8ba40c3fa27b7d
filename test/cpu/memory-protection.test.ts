/** The MPU and privilege in real Thumb code. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('memory-protection');

/** `region n, base, rasr`; regions 0 and 1 give everybody the code RAM and the probe. */
const SETUP = `
  .macro region number, base, rasr
    put MPU+0xc, \\base + 0x10 + \\number
    put MPU+0x10, \\rasr
  .endm
  .macro protect control=1
    region 0, 0x00000000, 0x03000027     @ 1 MiB, full access
    region 1, 0x40000000, 0x13050017     @ 4 KiB of device, full access
    region 2, 0x20000000, 0x0300002b     @ 4 MiB
    region 3, 0x60000000, 0x03000027
    put SHCSR, 0x70000
    put MPU+4, \\control
    isb
  .endm
  .macro unprivileged
    movs r2, #1
    msr control, r2
    isb
  .endm
`;
/** Traces MMFSR, MMFAR, then goes on behind the faulting instruction (2 bytes long). */
const SKIP = `
memmanage:
  get r2, CFSR
  tracer r2
  tst r2, #0x80
  beq 1f
  tracem MMFAR
1:put CFSR, 0xffffffff
  ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr
`;

describe.each(ENGINES)('memory protection on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, `${SETUP}${source}`, options);

  it('refuses writes to read-only regions and everything where there is no region', () => {
    expect(
      trace(`
reset:
  region 4, 0x20010000, 0x06000017        @ 4 KiB read-only
  protect
  ldr r4, =0x20010010
  ldr r5, =0x08000000
  ldr r3, [r4]
  str r3, [r4]
  ldr r3, [r5]
  str r3, [r5]
  ldr r4, =0x2000fffc
  str r3, [r4]
  trace 1
  done
${SKIP}`),
    ).toEqual([0x82, 0x2001_0010, 0x82, 0x0800_0000, 0x82, 0x0800_0000, 1]);
  });

  it('tells privileged from unprivileged code, LDRT and STRT included', () => {
    expect(
      trace(`
reset:
  region 4, 0x20010000, 0x01000017        @ privileged only
  region 5, 0x20020000, 0x02000017        @ unprivileged read-only
  protect
  ldr r4, =0x20010010
  ldr r5, =0x20020010
  movs r6, #66
  str r6, [r4]
  str r6, [r5]
  ldrt r6, [r4]
  nop
  unprivileged
  ldr r6, [r4]
  ldr r6, [r5]
  tracer r6
  str r6, [r5]
  svc 0
  ldr r6, [r4]
  tracer r6
  done
svcall:
  movs r2, #0
  msr control, r2
  bx lr
memmanage:
  get r2, CFSR
  tracer r2
  tracem MMFAR
  put CFSR, 0xffffffff
  ldr r2, [sp, #24]
  ldrh r3, [r2]
  lsrs r3, #11
  cmp r3, #0x1d
  ite hs
  addhs r2, #4
  addlo r2, #2
  str r2, [sp, #24]
  bx lr`),
    ).toEqual([0x82, 0x2001_0010, 0x82, 0x2001_0010, 66, 0x82, 0x2002_0010, 66]);
  });

  it('has a background map for privileged code with PRIVDEFENA', () => {
    expect(
      trace(`
reset:
  protect 5
  ldr r4, =0x00200000 - 0x200000
  ldr r3, [r4]
  trace 1
  get r5, SHCSR
  tracer r5
  unprivileged
  ldr r4, =0x30000000
  ldr r3, [r4]
  trace 2
  svc 0
  done
svcall:
  movs r2, #0
  msr control, r2
  bx lr
${SKIP}`),
    ).toEqual([1, 0x7_0000, 0x82, 0x3000_0000, 2]);
  });

  it('refuses to execute from XN regions, and lets go where a higher region allows it', () => {
    expect(
      trace(`
reset:
  ldr r4, =0x20010000
  ldr r3, =0x4770                          @ bx lr
  str r3, [r4]
  str r3, [r4, #0x100]
  region 4, 0x20010000, 0x13000017        @ XN
  region 5, 0x20010100, 0x0300000f        @ 256 bytes of it executable
  protect
  ldr r4, =0x20010101
  blx r4
  trace 1
  ldr r4, =0x20010001
  blx r4
  trace 2
  done
memmanage:
  tracem CFSR
  ldr r2, [sp, #24]
  tracer r2
  ldr r2, [sp, #20]
  bic r2, #1
  str r2, [sp, #24]
  bx lr`),
    ).toEqual([1, 1, 0x2001_0000, 2]);
  });

  // QEMU decides for 1 KiB at a time, and so wrongly for smaller subregions.
  it.each([
    [9 + 2, 0x200, false],
    [14, 0x1000, true],
  ])('honours subregions: SIZE %i, subregions of %i bytes', (size, bytes, qemu) => {
    expect(
      trace(
        `
reset:
  region 4, 0x20010000, ${0x0600_0501 + 2 * size}     @ read-only; subregions 0 and 2 off
  protect
  ldr r4, =0x20010000
  str r4, [r4]
  ldr r4, =${0x2001_0000 + bytes}
  str r4, [r4]
  ldr r4, =${0x2001_0000 + 3 * bytes - 4}
  str r4, [r4]
  ldr r4, =${0x2001_0000 + 3 * bytes}
  str r4, [r4]
  done
${SKIP}`,
        { qemu },
      ),
    ).toEqual([0x82, 0x2001_0000 + bytes, 0x82, 0x2001_0000 + 3 * bytes]);
  });

  it('applies a change at the next instruction, in both directions', () => {
    expect(
      trace(`
reset:
  protect
  ldr r4, =0x20010000
  movs r5, #0
1:str r5, [r4]
  adds r5, #1
  cmp r5, #200
  bne 1b
  region 4, 0x20010000, 0x06000017
  str r5, [r4]
  ldr r5, [r4]
  tracer r5
  region 4, 0x20010000, 0x00000016
  movs r5, #7
  str r5, [r4]
  ldr r5, [r4]
  tracer r5
  done
${SKIP}`),
    ).toEqual([0x82, 0x2001_0000, 199, 7]);
  });

  it('does not apply in HardFault, NMI and with FAULTMASK, unless HFNMIENA', () => {
    const source = (control: number) => `
reset:
  protect ${control}
  ldr r4, =0x200fff00
  region 2, 0x20000000, 0x06000027        @ SRAM read-only from here on
  cpsid f
  movs r5, #1
  str r5, [r4]
  cpsie f
  ldr r5, [r4]
  tracer r5
  put ICSR, 0x80000000
  trace 2
  done
nmi:
  movs r5, #9
  ldr r4, =0x200fff00
  str r5, [r4]
  ldr r5, [r4]
  tracer r5
  done
hardfault:
  trace 3
  tracem HFSR
  done`;
    // The frame of NMI cannot be stacked: MSTKERR is pending below NMI.
    expect(trace(source(1), { qemu: false })).toEqual([1, 9]);
    const locked = scenarios.run(engine, `${SETUP}${source(3)}`, { qemu: false });
    expect(locked.stop).toMatchObject({ kind: 'crashed', reason: 'lockup: MemManage with FAULTMASK set' });
  });

  it('makes a region with TEX 0, C 0 Device memory: unaligned accesses fault', () => {
    expect(
      trace(
        `
reset:
  region 4, 0x20010000, 0x03010017
  protect
  ldr r4, =0x20010001
  ldr r3, [r4]
  done
usagefault:
  tracem CFSR
  done`,
        { qemu: 'takes unaligned accesses to Device memory' },
      ),
    ).toEqual([0x100_0000]);
  });

  it('keeps unprivileged code out of the private peripheral bus: BusFault', () => {
    expect(
      trace(`
reset:
  put SHCSR, 0x70000
  ldr r4, =SYST
  unprivileged
  ldr r3, [r4]
  done
busfault:
  tracem CFSR
  tracem BFAR
  done`),
    ).toEqual([0x8200, 0xe000_e010]);
  });

  it('returns to the privilege of the interrupted code, handlers being privileged always', () => {
    expect(
      trace(`
reset:
  unprivileged
  mrs r3, control
  tracer r3
  movs r3, #0
  msr control, r3          @ ignored
  cpsid i                  @ ignored
  mrs r3, control
  tracer r3
  mrs r3, primask
  tracer r3
  svc 0
  mrs r3, control
  tracer r3
  svc 1
  mrs r3, control
  tracer r3
  done
svcall:
  ldr r3, [sp, #24]
  ldrb r3, [r3, #-2]
  cmp r3, #0
  beq 1f
  movs r3, #0
  msr control, r3
1:get r3, ICSR
  and r3, #0xff
  tracer r3
  bx lr`),
    ).toEqual([1, 1, 0, 11, 1, 11, 0]);
  });
});
