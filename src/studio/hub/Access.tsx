import type { ErrorReport } from '../../worker/protocol';
import { HubFields, type HubAddress } from '../compose/HubFields';

interface AccessProps {
  value: HubAddress;
  onChange: (value: HubAddress) => void;
  problem: ErrorReport | null;
}

/** Where the Hub is and the token: folded away until one of them may be what is missing. */
export function Access({ value, onChange, problem }: AccessProps) {
  const missing = problem?.name === 'RefusedError' || problem?.name === 'UnreachableError';
  return (
    <details open={missing || undefined}>
      <summary className="small">Mirror and access token</summary>
      <div className="dialog-form dataset-access">
        <HubFields value={value} onChange={onChange} />
      </div>
    </details>
  );
}
