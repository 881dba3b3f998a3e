/** The wasm backend in Node, whose loader expects a CommonJS module around itself. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Defines the two CommonJS names that the loader reads, where they are missing, and returns the folder of the
 * installed package's wasm files, as `openDevice` takes it. Node entries call it before `openDevice`.
 */
export function installWasm(): string {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/');
  const scope: { require?: unknown; __dirname?: string } = globalThis;
  scope.require ??= require;
  scope.__dirname ??= folder;
  return folder;
}
