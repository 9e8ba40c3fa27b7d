#!/usr/bin/env node
// The command, as it stands in a checkout and in the package; `npm ci` (or `npm run build`) makes dist/.
import '../dist/command/main.js';
