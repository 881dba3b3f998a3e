import type { ReactNode } from 'react';
import type { PerplexityReport } from '../../worker/protocol';
import { formatFigure } from '../charts/format';
import { Explain } from '../pieces/Explain';
import { protocolAbout, protocolFacts } from './protocolWords';

interface ExplainPerplexityProps {
  label: string;
  /** Null while nothing was measured. */
  report: PerplexityReport | null;
  /** The text that it was measured on, in words. */
  on: string;
  /** Whether the report's own value is the number that is explained. */
  value?: boolean;
  children?: ReactNode;
}

/** What layer sets are measured on before any training. */
export const MEASURED_ON = 'the demo’s held-out text';

const FORMULAS = {
  token: (
    <>
      exp( mean −ln <i>p(token | tokens before)</i> )
    </>
  ),
  word: (
    <>
      exp( sum −ln <i>p(token | tokens before)</i> / words )
    </>
  ),
};

/** What a perplexity says and by which protocol it was taken. */
export function ExplainPerplexity({ label, report, on, value = true, children }: ExplainPerplexityProps) {
  const about = report ? protocolAbout(report) : '';
  return (
    <Explain
      label={label}
      value={report && value ? formatFigure(report.perplexity) : undefined}
      formula={FORMULAS[report?.unit ?? 'token']}
      facts={report ? protocolFacts(report, on) : []}
    >
      {children ?? 'How many tokens the model is, on average, choosing between.'} {about}
    </Explain>
  );
}
