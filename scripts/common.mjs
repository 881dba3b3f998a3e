/** What `npm start` and `npm test` share: the check of Node, the dependencies, and the build. Needs no package. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || major === 21 || (major === 20 && minor < 19)) {
  console.error(`Decant needs Node 20.19 or newer, this is ${process.versions.node}.`);
  process.exit(1);
}

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/**
 * True when what npm says it installed is what the lock file asks for. Optional packages (Dawn for Node, other
 * systems' binaries) may be missing.
 */
function dependenciesMatchLock() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = readJson(installed).packages;
  const want = readJson(join(root, 'package-lock.json')).packages;
  return Object.entries(want).every(
    ([path, entry]) => path === '' || entry.optional || have[path]?.version === entry.version,
  );
}

/** Runs npm in the project's folder and returns its exit status. */
function npm(/** @type {string[]} */ args) {
  // Started through npm, this is npm's own script: right on Windows too, where `npm` is a batch file.
  const script = process.env.npm_execpath;
  const options = /** @type {const} */ ({ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const result =
    script && /\.c?js$/.test(script)
      ? spawnSync(process.execPath, [script, ...args], options)
      : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return result.status ?? 1;
}

/** Installs the dependencies unless they are there; ends the process when npm cannot. */
export function ensureDependencies() {
  if (dependenciesMatchLock()) return;
  console.log('Installing dependencies (first start) ...');
  // A user's NODE_ENV=production would leave out vite and the test runners.
  const flags = ['--include=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  if (npm(['ci', ...flags]) !== 0) {
    console.error('npm could not install the dependencies. The registry must be reachable once.');
    process.exit(1);
  }
}

/** @returns {Generator<string>} the files of a folder in a fixed order, or the file itself */
function* filesBelow(/** @type {string} */ path) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path).sort()) yield* filesBelow(join(path, name));
}

/**
 * A hash over names and contents of the given files and folders, tests left out.
 * @param {string[]} inputs paths relative to the project
 */
export function contentHash(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesBelow(join(root, input))) {
      if (/\.(test|bench)\.tsx?$/.test(file)) continue;
      // The lengths keep two different splits into name and content from giving one hash.
      const content = readFileSync(file);
      hash.update(`${relative(root, file).split(sep).join('/')}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

const BUILD_INPUTS = [
  'index.html',
  'vite.config.ts',
  'scripts/licences.mjs',
  'tsconfig.json',
  'package-lock.json',
  'src',
  'public',
];

/** Builds the page into `dist/` unless it was built from the same content. Returns vite's exit status. */
export function ensureBuild() {
  const mark = join(root, '.cache', 'built-from');
  const want = contentHash(BUILD_INPUTS);
  const built = existsSync(join(root, 'dist', 'index.html')) && existsSync(mark);
  if (built && readFileSync(mark, 'utf8') === want) return 0;
  console.log('Building ...');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const result = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) return result.status ?? 1;
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, want);
  return 0;
}
