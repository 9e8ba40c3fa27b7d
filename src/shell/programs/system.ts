/** What programs need of the machine beside their system calls. */
import type { Linux } from '../../linux/linux.ts';
import type { UserLand } from '../user-land.ts';

export interface System {
  readonly linux: Linux;
  readonly hostName: string;
  /** `reboot` and `poweroff`: the machine ends. */
  readonly powerOff: (reboot: boolean) => void;
  /** For programs that start others. */
  readonly land: () => UserLand;
}
