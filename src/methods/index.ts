import { annealingKd } from './annealingKd';
import { fineTune } from './fineTune';
import { labelSmoothing } from './labelSmoothing';
import { mateKd } from './mateKd';
import type { Method } from './method';
import { railKd } from './railKd';
import { reverseKd } from './reverseKd';
import { selfKd } from './selfKd';
import { tfReg } from './tfReg';
import { vanillaKd } from './vanillaKd';

/** Every method that this build knows, in the order in which the page shows them. */
export const METHODS: readonly Method[] = [
  vanillaKd,
  fineTune,
  labelSmoothing,
  tfReg,
  selfKd,
  annealingKd,
  mateKd,
  railKd,
  reverseKd,
];
