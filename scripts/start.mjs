/** `npm start`: install what is missing, build what changed, serve the page on this machine. */
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
// When npm is killed, its shell may go without telling us: stop when the parent is another one.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 500).unref();
