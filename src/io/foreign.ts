/**
 * Files that stand under a model's name but are something else. Told apart by their first bytes, so that the
 * message can say what was fetched and what to do instead.
 */
import { CheckpointError } from '../errors';
import type { ByteSource } from './source';

const CONVERT =
  'Convert it in Python: AutoModelForCausalLM.from_pretrained("folder").save_pretrained("out", safe_serialization=True).';

const HEAD_BYTES = 64;

/** Names under which PyTorch, TensorFlow, Flax and llama.cpp store weights. */
const FOREIGN_NAMES: [RegExp, string, string][] = [
  [
    /\.(bin|pt|pth|ckpt)$/i,
    'a pickle, which can run any program when it is opened, so Decant does not read it',
    CONVERT,
  ],
  [/\.h5$/i, 'a TensorFlow file', CONVERT],
  [/\.msgpack$/i, 'a Flax file', CONVERT],
  [
    /\.gguf$/i,
    'a GGUF file, whose weights are quantised',
    'Get the original repository with model.safetensors.',
  ],
];

/** Why weights under this name cannot be read, or null when nothing is known against it. */
export function foreignName(name: string): { reason: string; hint: string } | null {
  const found = FOREIGN_NAMES.find(([pattern]) => pattern.test(name));
  return found ? { reason: found[1], hint: found[2] } : null;
}

/** What the first bytes show, or null. */
function recognise(head: Uint8Array): { reason: string; hint: string } | null {
  // Latin-1 never fails, and all marks below are ASCII.
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith('version https://git-lfs'))
    return {
      reason: 'a Git LFS pointer, a few lines that stand for the real file',
      hint: 'Run "git lfs pull" in the repository, or download the file itself.',
    };
  if (/^\s*<(!doctype|html|\?xml|head)/i.test(text))
    return {
      reason: 'a web page',
      hint: 'Probably a login or an error page was saved; download the file itself, on the Hub with "download" or "resolve" in its address.',
    };
  if (text.startsWith('PK\u0003\u0004'))
    return { reason: 'a zip archive, most likely a PyTorch pickle', hint: CONVERT };
  // Protocol 2 and later; old PyTorch files follow with the magic number as a 10-byte integer.
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5)
    return { reason: 'a Python pickle, which can run any program when it is opened', hint: CONVERT };
  if (text.startsWith('\u0089HDF')) return { reason: 'an HDF5 file from TensorFlow', hint: CONVERT };
  if (text.startsWith('GGUF')) return { reason: 'a GGUF file', hint: 'Get the original model.safetensors.' };
  if (text.startsWith('\u001f\u008b'))
    return { reason: 'a gzip archive', hint: 'Unpack it and choose the files inside.' };
  return null;
}

/** Throws CheckpointError when a file's first bytes show that it is something else. */
export function refuseForeignBytes(name: string, head: Uint8Array): void {
  const found = recognise(head.subarray(0, HEAD_BYTES));
  if (found) throw new CheckpointError(`${name} is ${found.reason}`, found.hint);
}

/** The same, reading the file's first 64 bytes. */
export async function refuseForeignFile(source: ByteSource): Promise<void> {
  refuseForeignBytes(source.name, await source.read(0, Math.min(HEAD_BYTES, source.size)));
}
