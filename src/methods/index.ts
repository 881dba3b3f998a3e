import { fineTune } from './fineTune';
import type { Method } from './method';
import { vanillaKd } from './vanillaKd';

/** Every method that this build knows, in the order in which the page shows them. */
export const METHODS: readonly Method[] = [vanillaKd, fineTune];
