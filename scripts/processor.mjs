/**
 * Compiles the processor's kernels (AssemblyScript) and writes them as text into `module.ts`, so that every bundler
 * and Node take them along without a loader: `node scripts/processor.mjs`. A test compares the committed text with
 * a fresh compilation.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';
import { root } from './common.mjs';

const FOLDER = 'src/engine/processor';

// `stub` and no data section: the memory belongs to tfjs's module, and nothing may be written at load.
const FLAGS = [
  '-O3',
  '--noAssert',
  '--runtime=stub',
  '--importMemory',
  '--noExportMemory',
  '--enable=simd',
  '--disableWarning=112',
];
const SHARED = ['--enable=threads', '--sharedMemory', '--initialMemory=1', '--maximumMemory=65536'];

/** @returns {Promise<Buffer>} */
async function compile(/** @type {string[]} */ flags) {
  const folder = mkdtempSync(join(tmpdir(), 'decant-'));
  try {
    const file = join(folder, 'kernels.wasm');
    const entry = `${FOLDER}/assembly/index.ts`;
    const { error, stderr } = await main([entry, '--baseDir', root, '--outFile', file, ...flags]);
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
    const bytes = readFileSync(file);
    if (hasData(bytes)) throw new Error('the kernels must have no data section: it would overwrite tfjs');
    return bytes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** True when a WebAssembly module has a data section (id 11). */
function hasData(/** @type {Buffer} */ bytes) {
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (id === 11) return true;
    at += size;
  }
  return false;
}

/** The text of `module.ts`. */
export async function moduleText() {
  const [own, shared] = [await compile(FLAGS), await compile([...FLAGS, ...SHARED])];
  return `// Made by \`node scripts/processor.mjs\` from the files in assembly/; do not edit.

/** The kernels for a memory of one thread, in base64. */
export const OWN_MEMORY =
  '${own.toString('base64')}';

/** The kernels for a memory that threads share, in base64. */
export const SHARED_MEMORY =
  '${shared.toString('base64')}';
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, FOLDER, 'module.ts'), await moduleText());
}
