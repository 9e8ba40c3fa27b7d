import { describe, expect, it } from 'vitest';
import { keyName } from '../../view/src/panes/cpu/keys.ts';

const press = (key: string, more: Partial<Record<'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey', boolean>> = {}) =>
  keyName({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });

describe('names of keys', () => {
  it('tell Shift, and leave the browser its own', () => {
    expect(press('F10')).toBe('F10');
    expect(press('F10', { shiftKey: true })).toBe('Shift+F10');
    expect(press('I', { shiftKey: true })).toBe('Shift+I');
    expect(press('i')).toBe('i');
    expect(press('r', { ctrlKey: true })).toBeUndefined();
    expect(press('F5', { ctrlKey: true, shiftKey: true })).toBeUndefined();
    expect(press('ArrowLeft', { altKey: true })).toBeUndefined();
  });
});
