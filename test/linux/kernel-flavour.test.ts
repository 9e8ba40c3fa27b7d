import { describe, expect, it } from 'vitest';
import { findKernelFlavour, KERNEL_FLAVOURS, MAINLINE, NXP } from '../../src/linux/kernel-flavour.ts';

describe('kernel flavours', () => {
  it('are found by name, mainline first', () => {
    expect(KERNEL_FLAVOURS[0]).toBe(MAINLINE);
    expect(findKernelFlavour('nxp')).toBe(NXP);
    expect(findKernelFlavour('android')).toBeUndefined();
    expect(KERNEL_FLAVOURS.map(({ release }) => release)).toEqual(['6.1.192', '6.1.55-lts-next']);
  });
});
