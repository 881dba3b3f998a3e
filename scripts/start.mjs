/** `npm start`: install what is missing, build what changed, serve the page on this machine. */
import { readFileSync } from 'node:fs';
import { ensureBuild, ensureDependencies, root } from './common.mjs';

ensureDependencies();
if (ensureBuild() !== 0) {
  console.error('The page could not be built; the lines above say why.');
  process.exit(1);
}

// Served by this very process: a child would outlive a killed npm and keep the port.
const { preview } = await import('vite');
const port = process.env.PORT;
try {
  const server = await preview({
    root,
    logLevel: 'warn',
    preview: {
      host: process.env.HOST ?? '127.0.0.1',
      port: Number(port ?? 4173),
      strictPort: port !== undefined,
    },
  });
  console.log(`Decant is running at ${server.resolvedUrls?.local[0] ?? server.resolvedUrls?.network[0]}`);
  console.log('Press Ctrl+C to stop.');
} catch (error) {
  console.error(`The page cannot be served: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(0));
/** The parent of our parent, where the system tells (Linux): between npm and this process stands a shell. */
function grandparent() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    // The name in brackets may hold spaces; state and parent follow it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}

// When npm is killed it cannot tell anybody: stop when the chain above this process is another one.
const ancestors = () => `${process.ppid} ${grandparent()}`;
const started = ancestors();
setInterval(() => {
  if (ancestors() !== started) process.exit(0);
}, 500).unref();
