/** The worker of the page: one session on the worker's own channel. */
import { browserPlatform } from './platform.browser';
import type { Port } from './protocol';
import { createSession } from './session';

// TypeScript's DOM library knows `self` as a window only.
createSession(self as unknown as Port, browserPlatform(import.meta.env.BASE_URL));
