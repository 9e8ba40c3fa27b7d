/** What `help` prints: one screen, what to type first. */
import type { UserLand } from './user-land.ts';

const COLUMNS = 100;

/** Names in lines of at most `COLUMNS` characters. */
function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  let line = ' ';
  for (const name of names) {
    if (line.length + name.length + 1 > COLUMNS) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${name}`;
  }
  return [...lines, line].join('\n');
}

/** The help of this machine's shell. */
export function helpText(land: UserLand): string {
  return `A modelled Linux. What you type runs against the emulated SoC; time is virtual.

  ls /lib/firmware                                     the firmware that you brought
  echo -n fw.elf > /sys/class/remoteproc/remoteproc0/firmware
  echo start > /sys/class/remoteproc/remoteproc0/state  starts the core; stop stops it
  dmesg | grep -i rpmsg                                what the kernel says; dmesg -w follows
  ls /sys/bus/rpmsg/devices                            channels that the firmware announced
  modprobe rpmsg_tty; ls /dev/ttyRPMSG*                drivers for them (lsmod, rmmod)
  cat /dev/ttyRPMSG0 &                                 what the core sends
  echo "Hello Zephyr" > /dev/ttyRPMSG0                 sends to it
  microcom /dev/ttyRPMSG0                              talks to it; Ctrl-X ends

Language: bash (variables, pipes, redirections, loops, functions, $(...), jobs with &).
Builtins: cd export set read source alias jobs fg wait kill trap history exit ...
Programs:
${wrapped([...new Set([...land.programs.keys(), ...land.filters])].sort())}
`;
}
