/**
 * Runs benches: `npm run bench -- step [--save FILE]`. Each prints its shapes, medians and spreads, and its
 * ratio to plain tfjs ops in the same run.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
import { ensureDependencies, root } from './common.mjs';

const name = process.argv[2];
const known = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));
if (!name || !existsSync(join(root, 'bench', `${name}.bench.ts`))) {
  console.error(`usage: npm run bench -- (${known.join(' | ')}) [--save FILE]`);
  process.exit(2);
}
ensureDependencies();
await import(pathToFileURL(await bundle(`bench/${name}.bench.ts`)).href);
