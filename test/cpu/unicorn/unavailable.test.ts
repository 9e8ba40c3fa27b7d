/** What a host without koffi or libunicorn is told. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineUnavailable } from '../../../src/errors.ts';

const koffi = vi.hoisted(() => ({ require: (_name: string): unknown => undefined }));
vi.mock('node:module', () => ({ createRequire: () => (name: string) => koffi.require(name) }));

afterEach(() => vi.resetModules());

async function refusal(): Promise<EngineUnavailable> {
  const { unicornAvailable, unicornFactory } = await import('../../../src/cpu/unicorn/index.ts');
  const { EngineUnavailable: Refused } = await import('../../../src/errors.ts');
  expect(unicornAvailable()).toBe(false);
  try {
    unicornFactory.create({} as never);
  } catch (error) {
    expect(error).toBeInstanceOf(Refused);
    return error as EngineUnavailable;
  }
  return expect.fail('an engine was created');
}

describe.skipIf(process.arch !== 'x64' || process.platform === 'win32')('the unicorn engine on a host that lacks', () => {
  it('koffi: names the package', async () => {
    koffi.require = () => {
      throw new Error("Cannot find module 'koffi'");
    };
    const { code, message, remedy, place } = await refusal();
    expect({ code, place }).toEqual({ code: 'E_ENGINE', place: 'engine unicorn' });
    expect(message).toBe('unicorn: the optional package koffi is not installed');
    expect(remedy).toContain('npm install koffi');
  });

  it('libunicorn: names the package, having tried every name', async () => {
    const tried: string[] = [];
    koffi.require = () => ({
      load: (name: string) => {
        tried.push(name);
        throw new Error('not found');
      },
    });
    const { message, remedy } = await refusal();
    expect(tried).toEqual(['libunicorn.so.2', 'libunicorn.2.dylib', 'libunicorn.dylib', 'unicorn.dll']);
    expect(message).toBe('unicorn: libunicorn was not found');
    expect(remedy).toContain('apt install libunicorn2');
    expect(remedy).toContain('--cpu interpreter');
  });

  it('an export: names it', async () => {
    koffi.require = () => ({
      load: () => ({
        symbol: () => {
          throw new Error('no such symbol');
        },
      }),
    });
    expect((await refusal()).message).toContain('does not export helper_exception_internal_arm');
  });
});
