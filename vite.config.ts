import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

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

export default defineConfig({
  plugins: [react()],
  worker: {
    format: 'es',
    // tfjs alone brings 900 licence headers, 600 kB; `build.license` collects them in one file instead.
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
  optimizeDeps: { include: tfjs },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: {
    target: 'es2022',
    license: { fileName: 'third-party-licences.md' },
    rolldownOptions: { output: { comments: { legal: false } } },
  },
});
