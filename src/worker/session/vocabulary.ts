/** The tokenizer of a model together with the files it came from, which an export hands on. */
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer';
import { RecipeError } from '../../errors';
import { readTokenizerFiles, type ExportedFile } from '../../io/export';
import type { FileSet } from '../../io/source';
import type { ModelCard } from '../protocol';

export interface Vocabulary {
  /** Null where the model brings none and its vocabulary is not GPT-2's. */
  readonly tokenizer: Tokenizer | null;
  readonly origin: ModelCard['tokenizer'];
  /** The tokenizer's files as they came. */
  readonly files: readonly ExportedFile[];
}

const OWN: readonly string[] = ['tokenizer.json', 'vocab.json', 'merges.txt'];
const GPT2_VOCABULARY = 50257;

/** Reads a folder's tokenizer for a vocabulary of `vocabSize`. A broken one, or one of another size, throws DataError. */
export async function readVocabulary(folder: FileSet, vocabSize: number): Promise<Vocabulary> {
  const files = await readTokenizerFiles(folder);
  const own = files.some(({ name }) => OWN.includes(name));
  if (!own && vocabSize !== GPT2_VOCABULARY) return { tokenizer: null, origin: 'none', files };
  const text = (name: string) => {
    const file = files.find((candidate) => candidate.name === name);
    return file && new TextDecoder().decode(file.bytes);
  };
  const tokenizer = await loadTokenizer(
    {
      tokenizerJson: text('tokenizer.json'),
      vocabJson: text('vocab.json'),
      mergesTxt: text('merges.txt'),
      tokenizerConfig: text('tokenizer_config.json'),
    },
    vocabSize,
  );
  return { tokenizer, origin: own ? 'own' : 'gpt2', files };
}

/** The tokenizer of a model that must have one. Throws RecipeError. */
export function requireTokenizer(name: string, { tokenizer }: Vocabulary): Tokenizer {
  if (tokenizer) return tokenizer;
  throw new RecipeError(
    `${name} has no tokenizer, so no text can be read for it`,
    'Put tokenizer.json, or vocab.json and merges.txt, beside the weights.',
  );
}
