/**
 * /proc/interrupts (`show_interrupts` of kernel/irq/proc.c, `arch_show_interrupts` of arch/arm64/kernel/smp.c).
 *
 * Interrupts are served by the first core, as on a system without irqbalance. Only those of the modelled drivers are there; the numbers in the first
 * column follow the order in which they were requested.
 */
import type { Kernel } from '../kernel.ts';

/** Digits of the first column (`nr_irqs` below 1000), and of a count. */
const PREC = 3;
const COUNT = 10;
/** Interrupts of the GIC before the first SPI. */
const FIRST_SPI = 32;
/** `ipi_types`. */
const IPIS = [
  'Rescheduling interrupts',
  'Function call interrupts',
  'CPU stop interrupts',
  'CPU stop (for crash dump) interrupts',
  'Timer broadcast interrupts',
  'IRQ work interrupts',
  'CPU wake-up interrupts',
] as const;

/** The file's text for `cores` cores and an interrupt controller called `chip`. */
export function interruptsText(kernel: Kernel, cores: number, chip: string): string {
  const all = Array.from({ length: cores }, (_, cpu) => cpu);
  const counts = (count: number): string => all.map((cpu) => `${String(cpu === 0 ? count : 0).padStart(COUNT)} `).join('');
  const lines = [`${' '.repeat(PREC + 8)}${all.map((cpu) => `CPU${String(cpu).padEnd(8)}`).join('')}`];
  for (const { irq, spi, names, count } of kernel.interrupts) {
    const hwirq = String(spi + FIRST_SPI).padStart(PREC);
    lines.push(`${String(irq).padStart(PREC)}: ${counts(count)} ${chip.padStart(8)} ${hwirq} ${'Level'.padEnd(8)}  ${names.join(', ')}`);
  }
  for (const [number, text] of IPIS.entries()) lines.push(`${'IPI'.padStart(PREC - 1)}${number}:${counts(0)}      ${text}`);
  lines.push(`${'Err'.padStart(PREC)}: ${'0'.padStart(COUNT)}`);
  return lines.map((line) => `${line}\n`).join('');
}
