/** Collects garbage as thoroughly as can be asked for; compiled WebAssembly is only freed in a turn of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export async function collect() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(5);
  }
}
