/**
 * Parameters of kernel modules, all of them `int` (kernel/params.c, lib/kstrtox.c, 6.1): how the text after `modprobe name` and what is
 * written to /sys/module/<name>/parameters become numbers.
 */
import { ERRNO } from '../linux/errno.ts';
import type { Kernel } from '../linux/kernel.ts';

const INT_MAX = 0x7fff_ffff;

/** `kstrtoint` with base 0: the number in `value`, or -EINVAL, -ERANGE in `err`. */
export function kstrtoint(text: string): { readonly value: number; readonly err: number } {
  const match = /^([+-]?)(0x[0-9a-f]+|[0-9]+)\n?$/i.exec(text);
  if (!match) return { value: 0, err: ERRNO.EINVAL };
  const [, sign, digits] = match as unknown as [string, string, string];
  const octal = /^0[0-9]/.test(digits);
  if (octal && /[89]/.test(digits)) return { value: 0, err: ERRNO.EINVAL };
  const magnitude = octal ? Number.parseInt(digits, 8) : Number(digits);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value > INT_MAX || value < -INT_MAX - 1) return { value: 0, err: ERRNO.ERANGE };
  return { value: value === 0 ? 0 : value, err: 0 };
}

/** `parse_args` for the module `name`: sets what `parameters` has; 0 or a negative errno with the kernel's line. */
export function parseArgs(kernel: Kernel, name: string, text: string, parameters: Record<string, number>): number {
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const at = word.indexOf('=');
    const parameter = (at < 0 ? word : word.slice(0, at)).replaceAll('-', '_');
    const given = at < 0 ? '' : word.slice(at + 1).replace(/^"(.*)"$/, '$1');
    if (!Object.hasOwn(parameters, parameter)) {
      // unknown_module_param_cb
      kernel.printk(4, `${name}: unknown parameter '${parameter}' ignored`);
      continue;
    }
    const { value, err } = kstrtoint(given);
    if (err) {
      kernel.printk(3, `${name}: \`${given}' invalid for parameter \`${parameter}'`);
      return err;
    }
    parameters[parameter] = value;
  }
  return 0;
}
