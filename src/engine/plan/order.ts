/**
 * The order of a plan's commands. A step gives them as the tape runs: all gradients first, all updates last.
 * Commands marked early (the update of a weight, the sum of a gradient's squares) move up to right behind the
 * last one that they depend on, so that a gradient's memory is free again before the next one is made.
 *
 * A command depends on an earlier one that writes what it reads or writes, or reads what it writes; none of
 * these pairs ever changes places, so a reordered step computes the same bits.
 */
import type { Command } from './notes';

/** Buffers that a command reads and writes. */
export function accesses(command: Command): { reads: GPUBuffer[]; writes: GPUBuffer[] } {
  if (command.kind === 'copy') return { reads: [command.source], writes: [command.target] };
  const reads: GPUBuffer[] = [];
  const writes: GPUBuffer[] = [];
  command.bindings.forEach(({ buffer }, binding) => {
    // A written binding is read too, as far as order goes.
    (command.pipeline.writes[binding] ? writes : reads).push(buffer);
  });
  return { reads, writes };
}

/** The commands in the order in which a plan runs them. */
export function orderCommands(commands: readonly Command[]): Command[] {
  const lastWrite = new Map<GPUBuffer, number>();
  const lastAccess = new Map<GPUBuffer, number>();
  const keys = commands.map((command, index) => {
    const { reads, writes } = accesses(command);
    let key = index;
    if (command.kind === 'dispatch' && command.early) {
      key = -1;
      for (const buffer of reads) key = Math.max(key, lastWrite.get(buffer) ?? -1);
      for (const buffer of writes) key = Math.max(key, lastAccess.get(buffer) ?? -1);
    }
    for (const buffer of writes) lastWrite.set(buffer, Math.max(key, lastWrite.get(buffer) ?? -1));
    for (const buffer of [...reads, ...writes]) {
      lastAccess.set(buffer, Math.max(key, lastAccess.get(buffer) ?? -1));
    }
    return key;
  });
  // Sorting is stable: commands with one key stay in the order of the step, behind the one they depend on.
  return commands
    .map((command, index) => ({ command, key: keys[index]! }))
    .sort((a, b) => a.key - b.key)
    .map(({ command }) => command);
}
