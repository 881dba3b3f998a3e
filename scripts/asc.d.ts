/**
 * The one function of AssemblyScript's compiler that `processor.mjs` calls. Its own types declare globals
 * (`Array.prototype.at` among them) that would replace TypeScript's everywhere.
 */
export function main(
  args: readonly string[],
): Promise<{ error: Error | null; stdout: { toString(): string }; stderr: { toString(): string } }>;
