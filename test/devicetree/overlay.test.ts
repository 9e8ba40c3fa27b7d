/** Overlays: what libfdt's fdtoverlay makes of them, and its errors; each names the function of fdt_overlay.c that it mirrors. */
import { describe, expect, it } from 'vitest';
import { applyOverlay, isOverlay } from '../../src/devicetree/overlay.ts';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { writeDts } from '../../src/devicetree/write-dts.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { BLOBS, hexOf } from './dtc.ts';

const base = (): DeviceTree => parseDtb(BLOBS.base);
const source = (text: string): DeviceTree => parseDts(`/dts-v1/; ${text}`, { symbols: true });

function errorOf(overlay: DeviceTree, under = base()): DeviceTreeError {
  try {
    applyOverlay(under, overlay, 'x.dtbo');
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceTreeError);
    return error as DeviceTreeError;
  }
  throw new Error('it was accepted');
}

describe('applyOverlay', () => {
  it('merges as libfdt does, with the same phandles, symbols and order', () => {
    expect(writeDts(applyOverlay(base(), parseDtb(BLOBS.overlay)))).toBe(writeDts(parseDtb(BLOBS.merged)));
  });

  it('leaves base and overlay as they were', () => {
    const [below, above] = [base(), parseDtb(BLOBS.overlay)];
    applyOverlay(below, above);
    expect(hexOf(writeDtb(below))).toBe(hexOf(BLOBS.base));
    expect(hexOf(writeDtb(above))).toBe(hexOf(BLOBS.overlay));
  });

  it('lets a second overlay refer to labels of the first', () => {
    const once = applyOverlay(base(), parseDtb(BLOBS.overlay));
    const twice = applyOverlay(once, source('/plugin/; &v0 { more; }; &rm { second: r@1 { at = <&v1>; }; };'));
    expect(twice.node('/reserved-memory/vdev0vring0@b8000000')?.has('more')).toBe(true);
    const [phandle] = twice.node('/reserved-memory/r@1')!.cells('at');
    expect(twice.byPhandle(phandle!)?.path).toBe('/reserved-memory/vdev@1');
    expect(twice.find('second')).toBeUndefined();
    expect(twice.node('/__symbols__')!.string('second')).toBe('/reserved-memory/r@1');
  });

  it('takes target-path with an alias, and fragments written by hand', () => {
    const overlay = source('/ { fragment@0 { target-path = "s/mailbox"; __overlay__ { x = <7>; }; }; other { }; };');
    expect(applyOverlay(base(), overlay).node('/soc@0/mailbox@30aa0000')!.cell('x')).toBe(7);
    // overlay_merge: nodes without __overlay__ are left out.
    expect(applyOverlay(base(), overlay).node('/other')).toBeUndefined();
  });

  it('lets a later fragment meet what an earlier one adds', () => {
    const overlay = source('/ { a { target-path = "/"; __overlay__ { n { }; }; }; b { target-path = "/n"; __overlay__ { x; }; }; };');
    expect(applyOverlay(base(), overlay).node('/n')!.has('x')).toBe(true);
  });

  it('knows an overlay from a tree', () => {
    expect([isOverlay(base()), isOverlay(parseDtb(BLOBS.overlay))]).toEqual([false, true]);
  });

  it.each<[string, string, RegExp]>([
    ['a whole tree', '/ { a { }; };', /FDT_ERR_BADOVERLAY: it has no fragment/],
    ['overlay_fixup_one_phandle: a label that the base lacks', '/plugin/; &nothing { a; };', /FDT_ERR_NOTFOUND: it refers to &nothing/],
    ['overlay_get_target: no target', '/ { f { __overlay__ { }; }; };', /FDT_ERR_BADOVERLAY: \/f has neither target nor target-path/],
    [
      'overlay_get_target: an unresolved target',
      '/ { f { target = <0xffffffff>; __overlay__ { }; }; };',
      /FDT_ERR_BADPHANDLE: target of \/f is unresolved/,
    ],
    [
      'overlay_get_target: a target of two cells',
      '/ { f { target = <1 2>; __overlay__ { }; }; };',
      /FDT_ERR_BADPHANDLE: target of \/f is not one cell/,
    ],
    [
      'overlay_get_target: a phandle that nobody has',
      '/ { f { target = <77>; __overlay__ { }; }; };',
      /FDT_ERR_NOTFOUND: target of \/f, phandle 77/,
    ],
    [
      'overlay_get_target: a path that is not there',
      '/ { f { target-path = "/no"; __overlay__ { }; }; };',
      /FDT_ERR_NOTFOUND: target-path of \/f, \/no/,
    ],
    [
      'fdt_path_offset: an alias that is not there',
      '/ { f { target-path = "no"; __overlay__ { }; }; };',
      /FDT_ERR_BADPATH: target-path of \/f, no/,
    ],
    [
      'overlay_phandle_add_offset: a phandle of two cells',
      '/ { f { target-path = "/"; __overlay__ { linux,phandle = [00 01]; }; }; };',
      /FDT_ERR_BADPHANDLE|bad length/,
    ],
    [
      'overlay_phandle_add_offset: no room above',
      '/ { f { target-path = "/"; __overlay__ { phandle = <0xfffffffe>; }; }; };',
      /FDT_ERR_NOPHANDLES/,
    ],
    [
      'overlay_fixup_phandle: no offset',
      '/ { f { target-path = "/"; __overlay__ { }; }; __fixups__ { mu = "/f:a"; }; };',
      /FDT_ERR_BADOVERLAY: __fixups__ of mu has "\/f:a"/,
    ],
    [
      'overlay_fixup_phandle: an offset that is no number',
      '/ { f { target-path = "/"; __overlay__ { }; }; __fixups__ { mu = "/f:a:x"; }; };',
      /FDT_ERR_BADOVERLAY/,
    ],
    [
      'overlay_fixup_phandle: no NUL',
      '/ { f { target-path = "/"; __overlay__ { }; }; __fixups__ { mu = [61]; }; };',
      /FDT_ERR_BADOVERLAY: __fixups__ has no list of strings for mu/,
    ],
    [
      'overlay_fixup_one_phandle: a node that is not there',
      '/ { f { target-path = "/"; __overlay__ { }; }; __fixups__ { mu = "/g:a:0"; }; };',
      /FDT_ERR_BADOVERLAY: __fixups__ of mu names \/g/,
    ],
    [
      'fdt_setprop_inplace_namelen_partial: no such property',
      '/ { f { target-path = "/"; __overlay__ { }; }; __fixups__ { mu = "/f:a:0"; }; };',
      /FDT_ERR_NOTFOUND: __fixups__ of mu names \/f:a/,
    ],
    [
      'fdt_setprop_inplace_namelen_partial: past the end',
      '/ { f { target-path = "/"; a = <1>; __overlay__ { }; }; __fixups__ { mu = "/f:a:1"; }; };',
      /offset past the end of \/f:a/,
    ],
    [
      'overlay_update_local_node_references: an odd size',
      '/ { f { target-path = "/"; __overlay__ { }; }; __local_fixups__ { f { target-path = [00]; }; }; };',
      /FDT_ERR_BADOVERLAY: \/__local_fixups__\/f has target-path of 1 bytes/,
    ],
    [
      'overlay_update_local_node_references: no such property',
      '/ { f { target-path = "/"; __overlay__ { }; }; __local_fixups__ { f { a = <0>; }; }; };',
      /FDT_ERR_BADOVERLAY: \/__local_fixups__\/f names a/,
    ],
    [
      'overlay_update_local_node_references: no such node',
      '/ { f { target-path = "/"; __overlay__ { }; }; __local_fixups__ { g { }; }; };',
      /FDT_ERR_BADOVERLAY: \/__local_fixups__ names g/,
    ],
    [
      'overlay_update_local_node_references: past the end',
      '/ { f { target-path = "/"; a = <1>; __overlay__ { }; }; __local_fixups__ { f { a = <2>; }; }; };',
      /FDT_ERR_BADOVERLAY: \/__local_fixups__\/f has an offset past/,
    ],
    ['overlay_symbol_update: no string', '/ { f { target-path = "/"; __overlay__ { }; }; __symbols__ { l = <1>; }; };', /FDT_ERR_BADVALUE/],
    [
      'overlay_symbol_update: no such fragment',
      '/ { f { target-path = "/"; __overlay__ { }; }; __symbols__ { l = "/g/__overlay__/x"; }; };',
      /FDT_ERR_BADOVERLAY: __symbols__ of it says that l/,
    ],
  ])('refuses %s', (_name, text, message) => {
    let error: DeviceTreeError;
    try {
      error = errorOf(source(text));
    } catch (thrown) {
      error = thrown as DeviceTreeError;
    }
    expect(error.message).toMatch(message);
    expect(error.remedy).not.toBe('');
  });

  it('refuses a label when the base was compiled without -@', () => {
    const plain = parseDts('/dts-v1/; / { mu: mailbox { }; };');
    const error = errorOf(source('/plugin/; &mu { a; };'), plain);
    expect(error.code).toBe('E_DTB_OVERLAY');
    expect(error.message).toBe('x.dtbo: FDT_ERR_NOTFOUND: it refers to &mu, and the base tree has no __symbols__');
    expect(error.remedy).toMatch(/dtc -@/);
  });

  it('refuses a symbol whose node is gone or has no phandle', () => {
    const gone = parseDts('/dts-v1/; / { __symbols__ { mu = "/mailbox"; }; };');
    expect(errorOf(source('/plugin/; &mu { a; };'), gone).message).toMatch(/FDT_ERR_NOTFOUND: &mu is said to be \/mailbox/);
    const bare = parseDts('/dts-v1/; / { mailbox { }; __symbols__ { mu = "/mailbox"; }; };');
    expect(errorOf(source('/plugin/; &mu { a; };'), bare).message).toMatch(/FDT_ERR_NOTFOUND: \/mailbox \(&mu\) has no phandle/);
  });
});
