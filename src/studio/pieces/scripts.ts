/** Which scripts a text is written in, in words: `Latin 94 %, Cyrillic 6 %, other under 1 %`. */
export function scriptsText(scripts: readonly { script: string; share: number }[]): string {
  const percent = (share: number) => `${share < 0.01 ? 'under 1' : Math.round(100 * share)} %`;
  return scripts.map(({ script, share }) => `${script} ${percent(share)}`).join(', ') || 'none';
}
