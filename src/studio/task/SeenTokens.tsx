import type { SeenRow } from '../../worker/protocol';

type TokenRole = SeenRow['tokens'][number]['role'];

const TITLES: Readonly<Record<TokenRole, string>> = {
  kept: '',
  separator: 'the separator: a line feed between the texts',
  read: 'the classifier reads this token',
  cut: 'cut off',
};

interface SeenTokensProps {
  row: SeenRow;
  name: string;
  /** The length of the batch that it is shown in; without one no padding is shown. */
  padTo?: number;
}

/** One row as the model sees it: the token that is read is bold on a double rule, what is cut off struck and hatched. */
export function SeenTokens({ row, name, padTo = 0 }: SeenTokensProps) {
  const seen = row.tokens.filter(({ role }) => role !== 'cut');
  const spoken = seen.map(({ text, role }) => (role === 'separator' ? ' separator ' : text)).join('');
  const cut = row.whole > row.kept ? `; ${row.whole - row.kept} tokens are cut off` : '';
  const padding = Math.max(0, padTo - row.kept);
  const padded = padding > 0 ? `; then ${padding} tokens of padding` : '';
  return (
    <span className="seen" role="img" aria-label={`${name}: ${spoken}${cut}${padded}`}>
      {row.tokens.map(({ text, id, role }, i) => (
        <span
          key={i}
          className={role === 'kept' ? 'token' : `token ${role}`}
          title={[TITLES[role], `token ${id}`].filter(Boolean).join('; ')}
        >
          {role === 'separator' ? 'separator' : text.replaceAll('\n', '⏎')}
        </span>
      ))}
      {padding > 0 && (
        <span
          className="token separator"
          title="padding up to the longest of the batch: no token sees it, and it is not scored"
        >
          {padding} × padding
        </span>
      )}
    </span>
  );
}
