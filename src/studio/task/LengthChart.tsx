import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { NumberField } from '../pieces/NumberField';
import { cutText } from './counts';

const WIDTH = 290;
const HEIGHT = 62;
const TOP = 6;

/** Lengths of the training inputs, with the cut; what is beyond it is hatched. */
function Picture({ card }: { card: TaskCard }) {
  const { lengths, maxLength, train } = card;
  const { counts, width, longest } = lengths;
  const most = Math.max(...counts);
  const step = WIDTH / counts.length;
  const end = counts.length * width;
  const cutX = Math.min(WIDTH, (maxLength / end) * WIDTH);
  const shown = maxLength < longest;
  const left = cutX > WIDTH * 0.62;
  return (
    <svg
      className="length-chart"
      viewBox={`0 0 ${WIDTH} 80`}
      role="img"
      aria-label={`Lengths of the training inputs in tokens: the longest has ${formatCount(longest)}; ${cutText(card)}.`}
    >
      <defs>
        <pattern id="length-hatch" width="4" height="4" patternUnits="userSpaceOnUse">
          <path d="M-1 1L1 -1M0 4L4 0M3 5L5 3" />
        </pattern>
      </defs>
      {counts.map((count, i) => {
        const height = count === 0 ? 0 : Math.max(0.75, (count / most) * (HEIGHT - TOP - 8));
        const beyond = i * width >= maxLength;
        return (
          <rect
            key={i}
            className={beyond ? 'beyond' : undefined}
            x={i * step}
            y={HEIGHT - height}
            width={Math.max(0.5, step - 1.5)}
            height={height}
          />
        );
      })}
      <path className="axis" d={`M0 ${HEIGHT}H${WIDTH}`} />
      {shown && (
        <>
          <path className="cut" d={`M${cutX} ${TOP}V${HEIGHT}`} />
          <text className="strong" x={cutX + (left ? -6 : 6)} y={16} textAnchor={left ? 'end' : 'start'}>
            cut at {formatCount(maxLength)} tokens
          </text>
          <text x={cutX + (left ? -6 : 6)} y={31} textAnchor={left ? 'end' : 'start'}>
            {formatCount(train.truncated)} of {formatCount(train.inputs)}
          </text>
        </>
      )}
      <text x={0} y={77}>
        1
      </text>
      <text x={WIDTH} y={77} textAnchor="end">
        {formatCount(longest)} tokens
      </text>
    </svg>
  );
}

interface LengthChartProps {
  card: TaskCard;
  longest: number;
  onCut: (maxLength: number) => void;
}

/** How long the inputs are and where they are cut. */
export function LengthChart({ card, longest, onCut }: LengthChartProps) {
  return (
    <div>
      <div className="between small">
        <span className="muted">Length, tokens</span>
        <span className="row tiny cut-field">
          cut at
          <NumberField
            label="Longest input, tokens"
            hideLabel
            value={card.maxLength}
            min={2}
            max={longest}
            step={8}
            integer
            onChange={onCut}
          />
        </span>
      </div>
      <Picture card={card} />
    </div>
  );
}
