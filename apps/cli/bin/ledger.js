#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '../dist/main.js');
if (existsSync(main)) require(main);
else {
  process.stderr.write('ledger: it is not built yet. Run npm run build, then the same command again.\n');
  process.exitCode = 2;
}
