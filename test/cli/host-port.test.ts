/** The byte stream between a client of the host and the machine: what waits is bounded, whoever comes and goes. */
import { afterEach, describe, expect, it } from 'vitest';
import { HostInput } from '../../src/cli/bridges/host-input.ts';
import { type HostLink, HostPort, PORT_LIMIT } from '../../src/cli/bridges/host-port.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Machine } from '../../src/machine.ts';
import { findSoc } from '../../src/soc/index.ts';

const machine = new Machine({ soc: findSoc('imx8mp'), engine: interpreterFactory, ttyReader: 'none' });
afterEach(() => machine.dispose());

/** A client that tells what was asked of it. */
function client(): HostLink & { readonly calls: string[] } {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  return { calls, write: note('write'), pause: note('pause'), resume: note('resume'), end: note('end') };
}

describe('HostPort', () => {
  it('holds back a client that comes while what others left has not been taken', () => {
    const port = new HostPort('test', new HostInput(machine));
    const first = client();
    expect(port.attach(first)).toBe(true);
    port.received(new Uint8Array(PORT_LIMIT - 1));
    expect(first.calls).toEqual([]);
    port.received(new Uint8Array(1));
    expect(first.calls).toEqual(['pause']);
    port.detached(first);

    const second = client();
    expect(port.attach(second)).toBe(true);
    expect([port.available, second.calls]).toEqual([PORT_LIMIT, ['pause']]);
    port.consume(PORT_LIMIT - 1);
    expect(second.calls).toEqual(['pause', 'resume']);
    port.detached(second);

    const third = client();
    expect(port.attach(third)).toBe(true);
    expect([port.available, third.calls]).toEqual([1, []]);
  });
});
