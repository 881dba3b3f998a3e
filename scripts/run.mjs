/**
 * Runs a TypeScript script of the project, which Node 20 cannot run as it is: bundles it and calls its `main`.
 *
 *   node scripts/run.mjs scripts/build-demo-data.ts [ARGUMENTS]
 */
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
import { root } from './common.mjs';

const [script, ...rest] = process.argv.slice(2);
if (script === undefined) {
  console.error('usage: node scripts/run.mjs SCRIPT.ts [ARGUMENTS]');
  process.exit(2);
}
const entry = relative(root, resolve(script)).split(sep).join('/');
const { main } = await import(pathToFileURL(await bundle(entry)).href);
await main(root, rest);
