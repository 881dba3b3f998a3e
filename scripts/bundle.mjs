/**
 * Bundles a TypeScript entry for Node. tfjs's modules import without file extensions, which Node refuses, so
 * whatever uses them in Node must be bundled first. The result is kept by the hash of the sources.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { contentHash, root } from './common.mjs';

// tfjs-core's Node platform calls require('util').
const BANNER = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`;

/**
 * Builds `entry` (relative to the project) into `.cache/bundle/` unless it is there, and returns the file's path.
 * @param {string} entry
 * @returns {Promise<string>}
 */
export async function bundle(entry) {
  const folder = join(root, '.cache', 'bundle');
  const name = basename(entry).replace(/\.tsx?$/, '');
  const inputs = [
    'src',
    'package-lock.json',
    'scripts/bundle.mjs',
    ...(entry.startsWith('src/') ? [] : [dirname(entry)]),
  ];
  const file = join(folder, `${name}-${contentHash(inputs).slice(0, 16)}.mjs`);
  if (existsSync(file)) return file;

  const { build } = await import('esbuild');
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await build({
    entryPoints: [join(root, entry)],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // `module` first: with `main`, tfjs-core would be there twice, with two registries.
    mainFields: ['module', 'main'],
    external: ['webgpu', 'vite', 'playwright-core'],
    // No source map: Node holds it with the file, 65 MB for the command line.
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'silent',
  });
  renameSync(temporary, file);
  removeOld(folder);
  return file;
}

/** Bundles of a day ago go; younger ones may be about to be imported by another process. */
function removeOld(/** @type {string} */ folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 86_400_000) rmSync(path, { force: true });
  }
}
