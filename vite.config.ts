import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { thirdPartyLicences } from './scripts/licences.mjs';

/** SharedArrayBuffer, and with it threaded wasm, exists only on isolated pages. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Found only when the worker loads; bundled late, they would reload the page in the middle of the first run. */
export const tfjs = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops',
  '@tensorflow/tfjs-core/dist/register_all_gradients',
  '@tensorflow/tfjs-backend-webgpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
];

/**
 * The threaded wasm module is handed to its own workers as text. Minified, that text would name a variable of the
 * scope around it (`_scriptDir`, undefined in a worker anyway), which is not there any more.
 */
const standaloneWasmThreads = (): Plugin => ({
  name: 'standalone-wasm-threads',
  transform(code, id) {
    if (!id.includes('tfjs-backend-wasm-threaded-simd.js')) return undefined;
    const inner = code.replace(/var _scriptDir =[^;]*;/, '').replace(/if \(typeof __filename[^;]*;/, '');
    return { code: inner.replaceAll('_scriptDir', 'undefined'), map: null };
  },
});

const licences = (): Plugin => ({
  name: 'third-party-licences',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'third-party-licences.txt', source: thirdPartyLicences() });
  },
});

export default defineConfig({
  plugins: [react(), licences()],
  worker: {
    format: 'es',
    plugins: () => [standaloneWasmThreads()],
    // tfjs alone brings 900 licence headers, 600 kB; one file holds them all.
    rolldownOptions: {
      output: {
        comments: { legal: false },
        // tfjs finds its three wasm files by their names beside each other.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith('.wasm'))
            ? 'assets/wasm/[name][extname]'
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
  optimizeDeps: {
    include: [
      ...tfjs,
      '@huggingface/hub',
      '@huggingface/tokenizers',
      'hyparquet',
      'hyparquet-compressors',
      'papaparse',
      'gpt-tokenizer/BytePairEncodingCore',
      'gpt-tokenizer/bpeRanks/r50k_base',
    ],
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: {
    target: 'es2022',
    // The page comes from this machine: one file more or less makes no difference.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { output: { comments: { legal: false } }, checks: { pluginTimings: false } },
  },
});
