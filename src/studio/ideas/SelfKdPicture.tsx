import { useId } from 'react';
import { useContentSize } from '../pieces/useContentSize';
import { IdeaChart } from './IdeaChart';
import { selfKdChart } from './runCharts';
import type { IdeaRun } from './useIdeaRun';

const HEIGHT = 64;

/** Who learns from whom, and, where a run says it, both parts on one axis. */
export function SelfKdPicture({ alpha, now }: { alpha: number; now: IdeaRun | null }) {
  return (
    <>
      <figure className="idea">
        <Flow />
      </figure>
      {now && now.done > 0 && (
        <figure className="idea">
          <figcaption className="between small">
            <span className="muted">Cross-entropy on the text</span>
            <span className="tiny faint">nats per token, both parts on one axis</span>
          </figcaption>
          <IdeaChart spec={selfKdChart(now, alpha)} height={112} />
        </figure>
      )}
    </>
  );
}

function Flow() {
  const [ref, { width }] = useContentSize();
  const tip = useId();
  const [left, middle] = [94, Math.round(width * 0.38)];
  const right = width - 100;
  return (
    <div ref={ref}>
      {width > 240 && (
        <svg
          className="flow"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label="A copy of the truncated student is fine-tuned and frozen, then gives the student its soft targets; both begin with the same weights"
        >
          <marker id={tip} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M1 1l6 3l-6 3" />
          </marker>
          <rect className="of-student" x="1" y="13" width={left - 2} height="37" rx="3" />
          <text className="strong" x={left / 2} y="29" textAnchor="middle">
            student
          </text>
          <text x={left / 2} y="43" textAnchor="middle">
            truncated
          </text>
          <path className="arrow" d={`M${left + 2} 23H${middle - 4}`} markerEnd={`url(#${tip})`} />
          <text x={(left + middle) / 2} y="16" textAnchor="middle">
            copy
          </text>
          <rect className="of-copy" x={middle} y="1" width="96" height="30" rx="3" />
          <text className="strong" x={middle + 48} y="20" textAnchor="middle">
            copy, frozen
          </text>
          <path
            className="arrow"
            d={`M${middle + 98} 12H${right + 40}q8 0 8 8v5`}
            markerEnd={`url(#${tip})`}
          />
          <text x={(middle + right + 140) / 2} y="8" textAnchor="middle">
            soft targets
          </text>
          <path className="arrow" d={`M${left + 2} 44H${right - 4}`} markerEnd={`url(#${tip})`} />
          <text x={(left + right) / 2} y="58" textAnchor="middle">
            same weights, next text
          </text>
          <rect className="of-student" x={right} y="28" width="99" height="30" rx="3" />
          <text className="strong" x={right + 50} y="47" textAnchor="middle">
            student
          </text>
        </svg>
      )}
    </div>
  );
}
