/**
 * What tests take from Node, for the run of the same tests in Chromium (`vitest.config.ts` puts this file in place
 * of `node:fs` and its like). Files are fetched from vitest's server, whose root is the project.
 */

const URL_PATH = /^https?:\/\/[^/]+/;

/** Fetches a file in the middle of a synchronous call. Binary through text: a page may not ask for bytes there. */
function fetchNow(path: string): Uint8Array<ArrayBuffer> | null {
  const request = new XMLHttpRequest();
  request.open('GET', path.replace(URL_PATH, ''), false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  // The server answers with its page for what is not there.
  const isPage = request.getResponseHeader('content-type')?.startsWith('text/html');
  if (request.status !== 200 || isPage) return null;
  return Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff);
}

export function readFileSync(path: string | URL, encoding?: string): Uint8Array<ArrayBuffer> | string {
  const bytes = fetchNow(String(path));
  if (!bytes) throw new Error(`${String(path)} cannot be fetched`);
  return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
}

export const existsSync = (path: string | URL): boolean => fetchNow(String(path)) !== null;
export const readdirSync = (): string[] => [];
export const fileURLToPath = (url: string | URL): string => new URL(url).pathname;
export const pathToFileURL = (path: string): URL => new URL(path, globalThis.location.href);
export const homedir = (): string => '/';
export const join = (...parts: string[]): string => parts.join('/').replace(/\/+/g, '/');
export const dirname = (path: string): string => path.replace(/\/[^/]*$/, '');

const refuse = (name: string) => (): never => {
  throw new Error(`${name} is not to be had in a browser; name the test *.node.gpu.test.ts`);
};
export const writeFileSync = refuse('writeFileSync');
export const mkdirSync = refuse('mkdirSync');
export const createRequire = refuse('createRequire');
/** Never reached: a browser has `navigator.gpu` itself. */
export const create = refuse('create of webgpu');
export const globals = {};
