/**
 * After a build: makes `npx imx-sim` work inside the checkout, as it does where the package is installed.
 *
 * npm links the commands of dependencies, not those of the package itself. Where links cannot be made (Windows without the right),
 * `node dist/cli/main.js` is the same command.
 */
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

const bin = 'node_modules/.bin';
chmodSync('dist/cli/main.js', 0o755);
if (existsSync('node_modules')) {
  mkdirSync(bin, { recursive: true });
  rmSync(`${bin}/imx-sim`, { force: true });
  try {
    symlinkSync('../../dist/cli/main.js', `${bin}/imx-sim`);
  } catch (error) {
    console.warn(`npx imx-sim will not work in this checkout (${error.code}); use node dist/cli/main.js`);
  }
}
