/**
 * A small Hub for tests and for trying things without a network: the paths that @huggingface/hub uses, served from
 * folders or from memory, with the Hub's habits (redirects to another address for big files, ranges, ETags, CORS) and,
 * on request, its bad days (cut connections, slow bytes, 429, ranges ignored). Files of 100 MB and more stay on the
 * disk.
 *
 * Data sets are repositories named `datasets/owner/name`; `datasets/owner/name@refs/convert/parquet` is another branch of
 * one.
 *
 *   node e2e/hubServer.mjs 8123 owner/name=folder datasets/owner/name=folder ...
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  readdirSync,
  readFileSync,
  readSync,
  openSync,
  closeSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join, sep } from 'node:path';
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { pathToFileURL } from 'node:url';

/** Big files are kept by Git LFS, as on the Hub: these endings, or more than 10 MB. */
const isBig = (name, size) => /\.(safetensors|bin|h5|msgpack|onnx|parquet)$/.test(name) || size > 10_000_000;

const hash = (kind, ...parts) => parts.reduce((h, part) => h.update(part), createHash(kind)).digest('hex');

/** Files from here on stay on the disk: a GPT-2 XL has 6.4 GB. */
const ON_DISK = 100_000_000;

/** A file of the server: its size, and its bytes as a whole (small files) or by ranges. */
const inMemory = (bytes) => ({
  size: bytes.length,
  read: (start, end) => bytes.subarray(start, end),
  stream: null,
});

const onDisk = (path, size) => ({
  size,
  read(start, end) {
    const bytes = Buffer.alloc(end - start);
    const file = openSync(path, 'r');
    readSync(file, bytes, 0, bytes.length, start);
    closeSync(file);
    return bytes;
  },
  stream: (start, end) => createReadStream(path, { start, end: end - 1 }),
});

/** Of a file on the disk the path, size and date stand for its content: hashing gigabytes would take long. */
const diskHash = (path, { size, mtimeMs }) => hash('sha256', `${path} ${size} ${mtimeMs}`);

/** Name -> a file with its ids `oid` and, of big ones, `sha256`; `stored` is what git keeps. */
function readRepo(content) {
  const files = new Map();
  const add = (name, file, sha256, bytes) => {
    const stored = inMemory(sha256 ? Buffer.from(pointer(sha256, file.size)) : bytes);
    const oid = hash('sha1', `blob ${stored.size}\0`, stored.read(0, stored.size));
    files.set(name, { ...file, sha256, oid, stored });
  };
  const addBytes = (name, bytes) =>
    add(name, inMemory(bytes), isBig(name, bytes.length) ? hash('sha256', bytes) : null, bytes);
  if (typeof content !== 'string')
    for (const [name, bytes] of Object.entries(content)) addBytes(name, Buffer.from(bytes));
  else
    for (const entry of readdirSync(content, { recursive: true })) {
      const path = join(content, entry);
      const name = entry.split(sep).join('/');
      const stats = statSync(path);
      if (!stats.isFile()) continue;
      if (stats.size < ON_DISK) addBytes(name, readFileSync(path));
      else add(name, onDisk(path, stats.size), diskHash(path, stats), null);
    }
  const commit = hash('sha1', ...[...files].map(([name, file]) => `${name} ${file.oid}\n`));
  return { files, commit };
}

const pointer = (sha256, size) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;

const CORS = {
  'Access-Control-Allow-Origin': '*',
  // The asterisk does not stand for Authorization.
  'Access-Control-Allow-Headers': '*, Authorization',
  'Access-Control-Expose-Headers':
    'Content-Range, Content-Length, ETag, Link, Retry-After, X-Error-Code, X-Linked-ETag, X-Linked-Size, X-Repo-Commit',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** [start, end) of a `Range: bytes=a-b` header; null without one, false when it cannot be satisfied. */
function parseRange(header, size) {
  const found = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!found) return null;
  const start = Number(found[1]);
  const end = found[2] === '' ? size : Math.min(size, Number(found[2]) + 1);
  return start < end ? [start, end] : false;
}

/** Sends [start, end) of a file whole, or slowly, or only in part before it cuts the connection. */
function sendBody(state, request, response, file, start, end, fault) {
  if (request.method === 'HEAD') return void response.end();
  response.flushHeaders();
  const send = (bytes) => {
    state.bytesSent += bytes.length;
    return response.write(bytes);
  };
  if (fault?.cutAfterBytes !== undefined) {
    send(file.read(start, Math.min(end, start + fault.cutAfterBytes)));
    // Let what was written reach the socket before it is torn down.
    return void setTimeout(() => response.destroy(), 20);
  }
  if (fault?.stallAfterBytes !== undefined)
    return void send(file.read(start, Math.min(end, start + fault.stallAfterBytes)));
  if (fault?.bytesPerSecond !== undefined) {
    let position = start;
    const step = Math.max(1, Math.round(fault.bytesPerSecond / 20));
    const timer = setInterval(() => {
      send(file.read(position, Math.min(end, position + step)));
      position += step;
      if (position >= end) response.end();
    }, 50);
    return void response.on('close', () => clearInterval(timer));
  }
  if (file.stream) {
    const stream = file.stream(start, end);
    stream.on('data', (bytes) => void (state.bytesSent += bytes.length));
    response.on('close', () => stream.destroy());
    return void stream.pipe(response);
  }
  send(file.read(start, end));
  response.end();
}

function sendFile(state, request, response, file, fault, headers) {
  const etag = `"${file.sha256 ?? file.oid}"`;
  const changed = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
  const range = fault?.ignoreRange || changed ? null : parseRange(request.headers.range, file.size);
  const common = { ...CORS, 'Content-Type': 'application/octet-stream', ETag: etag, ...headers };
  if (range === false) {
    response.writeHead(416, { ...common, 'Content-Range': `bytes */${file.size}` });
    return void response.end();
  }
  const [start, end] = range ?? [0, file.size];
  response.writeHead(range ? 206 : 200, {
    ...common,
    'Accept-Ranges': 'bytes',
    'Content-Length': end - start,
    ...(range && { 'Content-Range': `bytes ${start}-${end - 1}/${file.size}` }),
  });
  sendBody(state, request, response, file, start, end, fault);
}

function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, { ...CORS, 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

const notFound = (response, code) =>
  sendJson(response, 404, { error: code }, { 'X-Error-Code': code, 'X-Error-Message': code });

function sendTree(state, url, response, repo, origin) {
  const recursive = url.searchParams.get('recursive') === 'true';
  const listed = [...repo.files].filter(([path]) => recursive || !path.includes('/'));
  const all = listed.map(([path, file]) => ({
    type: 'file',
    path,
    oid: file.oid,
    size: file.size,
    ...(file.sha256 && {
      lfs: { oid: file.sha256, size: file.size, pointerSize: file.stored.size },
    }),
  }));
  const first = Number(url.searchParams.get('cursor') ?? 0);
  const next = first + state.pageSize;
  const link = `${origin}${url.pathname}?recursive=${recursive}&cursor=${next}`;
  sendJson(response, 200, all.slice(first, next), next < all.length ? { Link: `<${link}>; rel="next"` } : {});
}

/** What a path of the API or of a file asks for; the revision may hold slashes, then written %2F. */
function parsePath(pathname) {
  const api = /^\/api\/(models|datasets)\/(.+)\/(tree|revision)\/([^/]+)$/.exec(pathname);
  if (api) {
    const name = `${api[1] === 'models' ? '' : 'datasets/'}${api[2]}`;
    return { name, what: api[3], revision: decodeURIComponent(api[4]) };
  }
  const data = /^\/(.+)\/(resolve|raw)\/([^/]+)\/(.+)$/.exec(pathname);
  if (!data) return null;
  return {
    name: decodeURIComponent(data[1]),
    what: data[2],
    revision: decodeURIComponent(data[3]),
    file: decodeURIComponent(data[4]),
  };
}

/** A repository's state at a branch or commit; undefined when there is none. */
function stateAt(state, name, revision) {
  const branch = state.repos.get(`${name}@${revision}`);
  if (branch) return branch;
  const branches = [...state.repos].filter(([key]) => key === name || key.startsWith(`${name}@`));
  const main = state.repos.get(name);
  return revision === 'main' ? main : branches.find(([, repo]) => repo.commit === revision)?.[1];
}

function answer(state, request, response) {
  const origin = `http://${request.headers.host}`;
  const url = new URL(request.url, origin);
  const path = decodeURIComponent(url.pathname);
  if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end();
  const { range, authorization, 'if-range': ifRange } = request.headers;
  state.requests.push({
    method: request.method,
    path,
    range: range ?? null,
    ifRange: ifRange ?? null,
    authorization: authorization ?? null,
  });
  const fault = state.faults.find(
    (candidate) => (candidate.times ?? 1) > 0 && (candidate.path ?? /./).test(path),
  );
  if (fault) fault.times = (fault.times ?? 1) - 1;
  if (fault?.status !== undefined) {
    const retry = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
    return sendJson(response, fault.status, { error: `status ${fault.status}` }, retry);
  }

  const cdn = /^\/cdn\/([^/]+)\/(.+)$/.exec(path);
  if (cdn) {
    const file = [...state.repos.values()]
      .map((repo) => repo.files.get(cdn[2]))
      .find((f) => f?.sha256 === cdn[1]);
    return file ? sendFile(state, request, response, file, fault, {}) : notFound(response, 'EntryNotFound');
  }
  const asked = parsePath(url.pathname);
  const token = state.tokens[asked?.name];
  // The Hub hides whether a repository is private or absent: both are 401 to a stranger.
  if (!state.repos.has(asked?.name) || (token !== undefined && authorization !== `Bearer ${token}`))
    return sendJson(
      response,
      state.unknownRepo,
      { error: 'Repository not found' },
      { 'X-Error-Code': 'RepoNotFound' },
    );
  const repo = stateAt(state, asked.name, asked.revision);
  if (!repo) return notFound(response, 'RevisionNotFound');
  if (asked.what === 'revision')
    return sendJson(response, 200, { _id: '0', id: asked.name, sha: repo.commit });
  if (asked.what === 'tree') return sendTree(state, url, response, repo, origin);

  const file = repo.files.get(asked.file);
  if (!file) return notFound(response, 'EntryNotFound');
  if (asked.what === 'raw')
    return sendFile(state, request, response, { ...file, ...file.stored, sha256: null }, fault, {});
  const headers = {
    'X-Repo-Commit': repo.commit,
    'X-Linked-Size': String(file.size),
    'X-Linked-ETag': `"${file.sha256 ?? file.oid}"`,
  };
  if (!file.sha256 || !state.redirects) return sendFile(state, request, response, file, fault, headers);
  // A fault meant for the file strikes where the bytes are.
  if (fault) fault.times += 1;
  const location = `${state.cdnOrigin}/cdn/${file.sha256}/${encodeURIComponent(asked.file)}`;
  response.writeHead(302, { ...CORS, ...headers, Location: location }).end();
}

/**
 * Starts a Hub on 127.0.0.1. `repos` maps `owner/name` to a folder, or to a record of name -> bytes.
 * Types and the meaning of the fields: hubServer.d.mts.
 */
export async function startHubServer({ repos = {}, port = 0, redirects = true, pageSize = 1000 } = {}) {
  const state = {
    repos: new Map(Object.entries(repos).map(([name, content]) => [name, readRepo(content)])),
    redirects,
    pageSize,
    requests: [],
    bytesSent: 0,
    faults: [],
    unknownRepo: 401,
    tokens: {},
    cdnOrigin: '',
  };
  const listener = (request, response) => answer(state, request, response);
  // Big files come from another origin, as on the Hub: there CORS and redirects meet.
  const servers = [createServer(listener), createServer(listener)];
  const listen = (server, wanted) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
    });
  const url = await listen(servers[0], port);
  state.cdnOrigin = await listen(servers[1], 0);
  return {
    url,
    state,
    /** Replaces or adds a repository, as a push would. */
    setRepo: (name, content) => void state.repos.set(name, readRepo(content)),
    close: () =>
      Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise((resolve) => server.close(resolve));
        }),
      ),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [port, ...pairs] = process.argv.slice(2);
  const repos = Object.fromEntries(pairs.map((pair) => pair.split('=')));
  const server = await startHubServer({ port: Number(port ?? 0), repos });
  console.log(`A Hub with ${pairs.length} repositories at ${server.url}`);
}
