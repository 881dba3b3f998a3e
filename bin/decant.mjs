#!/usr/bin/env node
/** The command line. The sources are bundled on first use and whenever they changed (scripts/bundle.mjs). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../scripts/common.mjs';
import { bundle } from '../scripts/bundle.mjs';

if (!existsSync(join(root, 'node_modules', 'esbuild'))) {
  console.error('The dependencies are not installed: run `npm ci` first.');
  process.exit(1);
}
const file = await bundle('src/cli/main.ts').catch((error) => {
  console.error(`The command line could not be built: ${error.message.split('\n')[0]}`);
  process.exit(1);
});
const { main } = await import(pathToFileURL(file).href);
// Dawn's threads keep Node alive after the last line of work.
process.exit(await main(process.argv.slice(2)));
