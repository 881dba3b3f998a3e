import { useId } from 'react';
import { useContentSize } from '../pieces/useContentSize';
import './idea.css';

const BOX = 22;
const STUDENT_TOP = 58;
const HEIGHT = STUDENT_TOP + BOX + 2;
const RIBBON = 10;
/** Narrower boxes have no room for a number. */
const NUMBER_ROOM = 15;

interface LayerPairsProps {
  /** Teacher layers, the i-th for the student's i-th. */
  layers: readonly number[];
  nLayer: number;
  /** What it is: `Epoch 3`, or an example. */
  title: string;
}

/** The map on its side: teacher above, student below, the pairs in order, so that ribbons never cross. */
export function LayerPairs({ layers, nLayer, title }: LayerPairsProps) {
  const [ref, { width }] = useContentSize();
  const flow = useId();
  const students = layers.length + 1;
  const pairs = layers.map((layer, i) => `${i} from ${layer}`).join(', ');
  const at = (index: number, count: number) => ((index + 0.5) * width) / count;
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg
          className="layer-pairs"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${title}: layers of the student learn from layers of the teacher, ${pairs}`}
        >
          <linearGradient id={flow} gradientUnits="userSpaceOnUse" x1="0" x2="0" y1={BOX} y2={STUDENT_TOP}>
            <stop offset="0" stopColor="var(--decant-teacher)" />
            <stop offset="1" stopColor="var(--decant-student)" />
          </linearGradient>
          {layers.map((layer, i) => {
            const [from, to] = [at(layer, nLayer), at(i, students)];
            const middle = (BOX + STUDENT_TOP) / 2;
            const path = `M${from} ${BOX + 1}C${from} ${middle} ${to} ${middle} ${to} ${STUDENT_TOP}`;
            return <path key={i} d={path} stroke={`url(#${flow})`} strokeWidth={RIBBON} />;
          })}
          {Array.from({ length: nLayer }, (_, i) => (
            <Box
              key={`t${i}`}
              {...{ index: i, count: nLayer, width, top: 0.5, most: 30, label: String(i) }}
              kind={layers.includes(i) ? 'of-teacher' : ''}
            />
          ))}
          {Array.from({ length: students }, (_, i) => (
            <Box
              key={`s${i}`}
              {...{ index: i, count: students, width, top: STUDENT_TOP, most: 46, label: `h.${i}` }}
              kind={i < layers.length ? 'of-student' : ''}
            />
          ))}
        </svg>
      )}
    </div>
  );
}

interface BoxProps {
  index: number;
  count: number;
  width: number;
  top: number;
  most: number;
  label: string;
  kind: string;
}

function Box({ index, count, width, top, most, label, kind }: BoxProps) {
  const pitch = width / count;
  const wide = Math.min(most, pitch - 2);
  const middle = (index + 0.5) * pitch;
  return (
    <g className={kind}>
      <rect x={middle - wide / 2} y={top} width={wide} height={BOX} rx={3} />
      {pitch >= NUMBER_ROOM && (
        <text x={middle} y={top + 15} textAnchor="middle">
          {wide < 28 ? String(index) : label}
        </text>
      )}
    </g>
  );
}
