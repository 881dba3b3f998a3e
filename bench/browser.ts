/** Where the benches find a browser, and how they start it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

export const BROWSER =
  process.env.CHROME_PATH ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));

/** WebGPU in software, unless there is a GPU (`HARDWARE_GPU=1`). */
export const BROWSER_ARGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  ...(process.env.HARDWARE_GPU ? [] : ['--use-webgpu-adapter=swiftshader']),
];

/** Builds and serves the page as `npm start` does. */
export async function servePage(port: number): Promise<{ url: string; close(): void }> {
  const server = spawn(process.execPath, ['scripts/start.mjs'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.on('data', (chunk: Buffer) => {
      const found = /running at (\S+)/.exec(chunk.toString());
      if (found) resolve(found[1]!);
    });
    server.on('close', (status) => reject(new Error(`the page's server ended with ${status}`)));
  });
  return { url, close: () => void server.kill() };
}
