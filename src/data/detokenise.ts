/**
 * Undoes the tokenisation of WikiText and texts like it: ` @-@ ` is a hyphen again, marks stand beside their words,
 * quotes and brackets around them, headings are `== Title ==`. Source: the WikiText detokeniser of zero-shot scripts
 * (Megatron-LM, `tasks/zeroshot_gpt/detokenizer.py`; lm-evaluation-harness), rule by rule in its order, with two
 * differences: quotes and brackets are paired within a line, so that one that is missing spoils no other line, and
 * ` N ` stays (there it stands for Penn Treebank's numbers). `<unk>` stays: what it stood for is lost.
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  // s ' (a plural's genitive)
  [/s '/g, "s'"],
  [/ @-@ /g, '-'],
  [/ @,@ /g, ','],
  [/ @\.@ /g, '.'],
  [/ : /g, ': '],
  [/ ; /g, '; '],
  [/ \. /g, '. '],
  [/ ! /g, '! '],
  [/ \? /g, '? '],
  [/ , /g, ', '],
  [/\(\s*([^)\n]*?)\s*\)/g, '($1)'],
  [/\[\s*([^\]\n]*?)\s*\]/g, '[$1]'],
  [/\{\s*([^}\n]*?)\s*\}/g, '{$1}'],
  [/"\s*([^"\n]*?)\s*"/g, '"$1"'],
  [/'\s*([^'\n]*?)\s*'/g, "'$1'"],
  [/= = = =/g, '===='],
  [/= = =/g, '==='],
  [/= =/g, '=='],
  [/ ° /g, '°'],
  [/ 's/g, "'s"],
];

/** Text as people write it; line ends stay where they are, without the spaces around them. */
export function detokenise(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      // A mark at the end of a line has its space before it too.
      const padded = RULES.reduce((result, [rule, by]) => result.replace(rule, by), ` ${line.trim()} `);
      return padded.trim();
    })
    .join('\n');
}

/** Words between white space. */
export function wordCount(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0;
}
