import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accesses, orderCommands } from './order';
import type { Command } from './notes';

const buffers = Array.from({ length: 6 }, (_, i) => ({ label: `buffer ${i}` }) as unknown as GPUBuffer);

/** A dispatch that reads and writes buffers by number. */
function dispatch(reads: readonly number[], writes: readonly number[], early = false): Command {
  const used = [...writes, ...reads];
  return {
    kind: 'dispatch',
    pipeline: { label: '', code: '', entryPoint: 'main', writes: used.map((_, i) => i < writes.length) },
    bindings: used.map((buffer) => ({ buffer: buffers[buffer]!, offset: 0, size: undefined })),
    grid: [1, 1, 1],
    early,
  };
}

/** What each command reads when a list runs: for every buffer, which command wrote it last. */
function observations(commands: readonly Command[]): Map<Command, (Command | undefined)[]> {
  const writer = new Map<GPUBuffer, Command>();
  const seen = new Map<Command, (Command | undefined)[]>();
  for (const command of commands) {
    const { reads, writes } = accesses(command);
    seen.set(
      command,
      [...reads, ...writes].map((buffer) => writer.get(buffer)),
    );
    for (const buffer of writes) writer.set(buffer, command);
  }
  return seen;
}

test('an early command moves right behind the last one that it depends on', () => {
  const [gradient, other, more] = [dispatch([], [0]), dispatch([], [1]), dispatch([1], [2])];
  const update = dispatch([0], [3], true);
  expect(orderCommands([gradient, other, more, update])).toEqual([gradient, update, other, more]);
});

test('it does not overtake a command that still reads what it writes', () => {
  const [gradient, reader] = [dispatch([], [0]), dispatch([3], [1])];
  const update = dispatch([0], [3], true);
  const later = dispatch([], [2]);
  expect(orderCommands([gradient, reader, later, update])).toEqual([gradient, reader, update, later]);
});

test('commands that are not early keep their order', () => {
  const commands = [dispatch([], [0]), dispatch([], [1]), dispatch([0, 1], [2])];
  expect(orderCommands(commands)).toEqual(commands);
});

test('copies count as commands', () => {
  const copy: Command = {
    kind: 'copy',
    source: buffers[0]!,
    sourceOffset: 0,
    target: buffers[1]!,
    targetOffset: 0,
    size: 4,
  };
  const [first, update] = [dispatch([], [0]), dispatch([1], [2], true)];
  expect(orderCommands([first, copy, dispatch([], [3]), update])[2]).toBe(update);
});

test('in any order every command finds what it found before', () => {
  const some = fc.uniqueArray(fc.nat(5), { maxLength: 3 });
  const command = fc.record({
    reads: some,
    writes: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 2 }),
    early: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), (list) => {
      const commands = list.map(({ reads, writes, early }) =>
        dispatch(
          reads.filter((buffer) => !writes.includes(buffer)),
          writes,
          early,
        ),
      );
      const ordered = orderCommands(commands);
      expect(new Set(ordered)).toEqual(new Set(commands));
      expect(observations(ordered)).toEqual(observations(commands));
    }),
  );
});
