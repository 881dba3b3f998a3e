/** Which form of the matrix product runs. */
import type { Layout, MatmulForm } from './matmul.interface';
import { registerForm } from './matmul.register';
import { sharedForm } from './matmul.shared';

/** The form for an adapter (`variants.ts`). */
export const matmulForm = (variant: 'register' | 'shared', layout: Layout): MatmulForm =>
  variant === 'shared' ? sharedForm : registerForm(layout);
