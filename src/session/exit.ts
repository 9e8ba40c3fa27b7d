/** Exit statuses of `imx-sim`; stable. */
export const EXIT = {
  /** The `--until` line came, or the firmware exited with 0. */
  OK: 0,
  /** The firmware failed: fault, lockup, exit code; `explore` found a way to make it fail. */
  FIRMWARE: 1,
  /** Bad usage or input. */
  USAGE: 2,
  /** Our own bug. */
  INTERNAL: 3,
  /** The virtual time ran out, or nothing was left that could happen. */
  TIMEOUT: 4,
  /** `--cpu lockstep`: the engines differ, so one of them is wrong. A replay or a snapshot: it does not lead where it led. */
  DIFFERENCE: 5,
  /** Ctrl-C, as shells report it. */
  INTERRUPTED: 130,
} as const;
