import type { TextReport } from '../../worker/protocol';
import { formatBytes, formatCompact, formatCount } from '../charts/format';
import { Explain } from '../pieces/Explain';
import { percent } from './steps';

/** About how many tokens the whole text would give, where its size is known. */
function tokensWords({ tokensLeft = 0, whole, readShare }: TextReport): string {
  if (whole) return formatCompact(tokensLeft);
  return readShare === undefined
    ? `${formatCompact(tokensLeft)} in this part`
    : `about ${formatCompact(tokensLeft / readShare)}`;
}

/** All steps together, beside what the paper's cleaning did. */
export function CleaningSummary({ report }: { report: TextReport }) {
  const { samplesIn, samplesOut, removedShare, bytesIn, bytesOut } = report.cleaning!;
  const less = bytesIn === 0 ? 0 : 1 - bytesOut / bytesIn;
  return (
    <dl className="kv clean-sum">
      <div>
        <dt>Samples</dt>
        <dd>
          {formatCount(samplesIn)} → <b>{formatCount(samplesOut)}</b>
        </dd>
      </div>
      <div>
        <dt>Share taken out</dt>
        <dd>
          <b>{percent(removedShare)}</b>
        </dd>
      </div>
      <div>
        <dt>Bytes</dt>
        <dd>
          {formatBytes(bytesIn)} → <b>{formatBytes(bytesOut)}</b>, {percent(less)} less
        </dd>
      </div>
      <div>
        <dt>Tokens for training</dt>
        <dd>{tokensWords(report)}</dd>
      </div>
      <div className="clean-paper">
        <dt>
          <Explain label="Paper, whole OpenWebText" facts={[['From', 'section 3.4']]}>
            What the paper’s cleaning did to OpenWebText. It does not say how long a short sentence is; here
            it has fewer than five words by default.
          </Explain>
        </dt>
        <dd className="faint">332,011,430 → 114,366,559, 65.5 % less</dd>
      </div>
    </dl>
  );
}
