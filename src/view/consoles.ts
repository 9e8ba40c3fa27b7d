/**
 * The consoles of a run, for the view: what there is, what it is called and whether it takes keys.
 */
import type { Machine } from '../machine.ts';
import { SEMIHOSTING } from '../session/machine-options.ts';
import { runShell, SHELL } from '../session/run-shell.ts';
import { UBOOT_CONSOLE } from '../uboot/uboot.ts';
import type { ConsoleLogs } from './console-log.ts';
import type { ConsoleView } from './protocol.ts';
import { DMESG } from './recorder.ts';

/** All of them: the core's first, then Linux's, then what else has shown something. */
export function consoleViews(machine: Machine, logs: ConsoleLogs, semihosting: boolean): readonly ConsoleView[] {
  const { linux, uboot, consoleName } = machine;
  const views: ConsoleView[] = [];
  const uart = (device: string): void => {
    const main = device === consoleName ? `${machine.core.name}: ` : '';
    views.push({ device, kind: 'uart', input: machine.inputState(device), title: `${main}${device.toUpperCase()}` });
  };
  if (consoleName !== undefined) uart(consoleName);
  if (semihosting || logs.find(SEMIHOSTING)) views.push({ device: SEMIHOSTING, kind: 'semihosting', input: 'never', title: 'Semihosting' });
  if (uboot) views.push({ device: UBOOT_CONSOLE, kind: 'uboot', input: machine.inputState(UBOOT_CONSOLE), title: 'U-Boot' });
  if (linux) views.push({ device: SHELL, kind: 'shell', input: runShell(machine).state, title: 'Linux shell' });
  if (linux) views.push({ device: DMESG, kind: 'dmesg', input: 'never', title: 'dmesg' });
  const ttys = new Set(linux?.modules.ttys.names ?? []);
  for (const { device } of logs.all) if (/^ttyRPMSG\d+$/.test(device)) ttys.add(device);
  for (const device of [...ttys].sort()) views.push({ device, kind: 'tty', input: machine.inputState(device), title: `/dev/${device}` });
  for (const { device } of logs.all)
    if (device !== consoleName && machine.peripherals.some(({ name, uart: model }) => model && name.toLowerCase() === device)) uart(device);
  return views;
}
