/** How a perplexity was taken, in words. Pure. */
import { PROTOCOLS, type ProtocolFields } from '../../recipe/protocols';
import type { PerplexityReport } from '../../worker/protocol';

const count = (n: number) => n.toLocaleString('en-US');

/** `windows of 1,024 by 512, detokenised, per word`; what is usual is not said. */
export function fieldWords({ window, stride, text, unit }: ProtocolFields): string {
  return [
    `windows of ${window}${stride < window ? ` by ${stride}` : ''}`,
    ...(text === 'detokenised' ? ['detokenised'] : []),
    ...(unit === 'word' ? ['per word'] : []),
  ].join(', ');
}

/** `16,384 tokens, windows of 1,024 by 512, detokenised, per word` */
export const protocolWords = (report: PerplexityReport): string =>
  `${count(report.tokens)} tokens, ${fieldWords(report)}`;

/** What one must know of a perplexity to put another beside it; `on` is the text's name. */
export function protocolFacts(report: PerplexityReport, on: string): [name: string, value: string][] {
  const { tokens, window, stride, text, unit, protocol, words } = report;
  const scored = words === undefined ? '' : `, ${count(Math.round(words))} words`;
  return [
    ['Measured on', on],
    ['Scored', `${count(tokens)} tokens${scored}`],
    ['Context', `windows of ${count(window)} tokens`],
    ['Stride', stride < window ? `${count(stride)} tokens` : `${count(stride)} tokens: no overlap`],
    ['Text', text === 'raw' ? 'as it came' : 'detokenised: spaces and marks put back'],
    ['Counted', unit === 'token' ? 'per token' : 'per word of the text as it came'],
    ['Protocol', protocol ?? 'one without a name'],
    ['Unit', 'none; lower is better'],
  ];
}

/** What a named protocol is for; empty of others. */
export const protocolAbout = ({ protocol }: PerplexityReport): string =>
  PROTOCOLS.find(({ id }) => id === protocol)?.about ?? '';
