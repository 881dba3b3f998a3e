/** Perplexity of a whole model on a text, or ids, that a caller brings. */
import { idsBetween } from '../../data/corpus';
import { protocolSource } from '../../data/protocolSource';
import type { Tokenizer } from '../../data/tokens';
import { perplexityBy, textForProtocol, type ProtocolText } from '../../eval/protocol';
import type { ProtocolFields } from '../../recipe/protocols';
import type { CommandBody, PerplexityReport } from '../protocol';
import { idsOf } from './inputs';
import { allLayers, refuseClassifier, type KnownModel } from './models';
import type { Task } from './task';
import type { TextRegistry } from './texts';
import { requireTokenizer } from './vocabulary';

type Evaluation = CommandBody & { type: 'evaluate' };
type Named = Extract<Evaluation['input'], { source: string }>;

/** A text by its name, its tokens in files. */
async function namedText(
  input: Named,
  protocol: ProtocolFields,
  tokenizer: Tokenizer,
  texts: TextRegistry,
  task: Task,
): Promise<ProtocolText> {
  const source = await texts.source({ ...input, fraction: 1 }, task);
  const asItIs = protocol.text === 'raw' && protocol.unit === 'token';
  const form = asItIs ? source : protocolSource(source, protocol.text);
  const { ids, documents, warnings, report } = await texts.whole(form, tokenizer, task);
  for (const message of warnings) task.send({ type: 'warning', message });
  // One running text is scored as it stands: its first token has nothing before it.
  const alone = documents === 1 && source.plain === true;
  return {
    ids: alone ? idsBetween(ids, 1, ids.length) : ids,
    // The report is the one of `protocolSource`, kept with the tokens.
    ...(!asItIs && { words: (report as ReturnType<typeof protocolSource>['report']).words }),
  };
}

function ownText(
  input: Exclude<Evaluation['input'], Named>,
  protocol: ProtocolFields,
  known: KnownModel,
): ProtocolText {
  const ids = idsOf(input, known);
  if (protocol.text === 'raw' && protocol.unit === 'token') return { ids };
  return textForProtocol(ids, requireTokenizer(known.card.name, known.vocabulary), protocol);
}

/** Throws RecipeError for a classifier, DataError for a text that cannot be read. */
export async function evaluateText(
  known: KnownModel,
  { input, window, stride, text = 'raw', unit = 'token' }: Evaluation,
  texts: TextRegistry,
  task: Task,
): Promise<PerplexityReport> {
  refuseClassifier(known, 'has no perplexity');
  const protocol = { window, stride, text, unit };
  const scored =
    'source' in input
      ? await namedText(input, protocol, requireTokenizer(known.card.name, known.vocabulary), texts, task)
      : ownText(input, protocol, known);
  const model = await known.view(allLayers(known.config), task);
  return perplexityBy(protocol, model, scored, {
    signal: task.signal,
    onProgress: (done, total) => task.progress('evaluating', done, total, 'rows'),
  });
}
