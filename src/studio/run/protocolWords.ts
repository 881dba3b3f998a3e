/** How a perplexity was taken, in words. */
import type { PerplexityReport } from '../../worker/protocol';

/** `16,384 tokens, windows of 1,024 by 512, detokenised, per word`; what is usual is not said. */
export function protocolWords({ tokens, window, stride, text, unit }: PerplexityReport): string {
  const count = (n: number) => n.toLocaleString('en-US');
  return [
    `${count(tokens)} tokens`,
    `windows of ${window}${stride < window ? ` by ${stride}` : ''}`,
    ...(text === 'detokenised' ? ['detokenised'] : []),
    ...(unit === 'word' ? ['per word'] : []),
  ].join(', ');
}
