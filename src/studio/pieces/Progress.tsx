import { Button } from '@mantine/core';
import { formatBytes, formatCount, formatDuration } from '../charts/format';
import type { Loading } from '../storeLoading';

function amount(value: number, unit: string): string {
  return unit === 'bytes' ? formatBytes(value) : `${formatCount(value)} ${unit}`;
}

/** What is loading, how far it is, and a way to stop it. */
export function LoadingStrip({ loading }: { loading: Loading }) {
  const { label, what, done, total, unit, leftMs, paused, cancel, pause } = loading;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return (
    <div className="loading">
      <div className="between">
        <b>Loading {label}</b>
        <span className="loading-buttons">
          {pause && (
            <Button size="xs" onClick={pause}>
              {paused ? 'Go on' : 'Pause'}
            </Button>
          )}
          <Button size="xs" onClick={cancel}>
            Cancel
          </Button>
        </span>
      </div>
      <div
        className="loading-bar"
        role="progressbar"
        aria-label={`Loading ${label}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={total > 0 ? Math.round(100 * share) : undefined}
      >
        <i style={{ width: `${100 * share}%` }} />
      </div>
      <p className="small muted">
        {total > 0 ? `${amount(done, unit)} of ${amount(total, unit)}` : 'reading …'}
        {leftMs !== null && `, about ${formatDuration(leftMs)} left`}
        {paused && ', paused'}
        {what && <span className="faint"> · {what}</span>}
      </p>
    </div>
  );
}
