import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { isolation, tfjs } from './vite.config.ts';

// Bundling tfjs once brings its import in a test from ten seconds to under one.
const deps = { optimizer: { ssr: { enabled: true, include: tfjs } } };

const nodeModules = ['node:fs', 'node:url', 'node:os', 'node:path', 'node:module', 'webgpu'];
const shim = fileURLToPath(new URL('src/testing/nodeInBrowser.ts', import.meta.url));

const slow = { testTimeout: 300_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'scripts/**/*.test.ts'],
          exclude: ['**/*.gpu.test.ts', 'node_modules/**'],
          testTimeout: 60_000,
          deps,
        },
      },
      {
        test: {
          name: 'gpu',
          environment: 'node',
          include: ['src/**/*.gpu.test.ts'],
          setupFiles: ['src/testing/dawn.setup.ts'],
          // One process: software WebGPU takes every core for itself.
          maxWorkers: 1,
          isolate: false,
          deps,
          ...slow,
        },
      },
      {
        // The same tests once in a real browser, but for those that need Node or two devices.
        resolve: { alias: Object.fromEntries(nodeModules.map((name) => [name, shim])) },
        define: { 'process.env': {} },
        optimizeDeps: { include: [...tfjs, 'fast-check', 'zod'] },
        server: { headers: isolation },
        test: {
          name: 'browser',
          include: ['src/**/*.gpu.test.ts'],
          exclude: ['**/*.node.gpu.test.ts', 'node_modules/**'],
          fileParallelism: false,
          ...slow,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: {
                executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
                args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
              },
            }),
          },
        },
      },
    ],
  },
});
