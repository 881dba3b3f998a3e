import { useId } from 'react';
import { LayerGlyph } from '../compare/LayerGlyph';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import { layerMaps } from './layerMaps';

const WIDTH = 268;
const BOX = 20;
const STUDENT_TOP = 62;
const HEIGHT = STUDENT_TOP + BOX + 1;
/** Narrower boxes have no room for a number. */
const NUMBER_ROOM = 15;
/** Earlier draws stand below as glyphs, so that one sees that they are random. */
const MOST_EARLIER = 4;

/** Where the run's method pairs layers anew every epoch: the pairs in use, and those of epochs before. */
export function LayerMap({ run }: { run: RunRecord }) {
  const teacher = useStudio((state) => state.teacher);
  const maps = layerMaps(run.epochs);
  const now = maps.at(-1);
  if (!now) return null;
  const isLoaded = teacher !== null && teacher.ref === run.recipe.teacher.model;
  // The last block takes no part: it has the soft target.
  const nLayer = isLoaded ? teacher.config.nLayer : Math.max(...maps.flatMap(({ layers }) => layers)) + 2;
  return (
    <section className="card layer-map" aria-label="Layer pairs">
      <div className="between">
        <h2>Layer pairs</h2>
        <span className="small faint">epoch {now.epoch + 1}</span>
      </div>
      <p className="between tiny">
        <span className="teacher-ink">teacher</span>
        <span className="faint">last blocks learn from the output</span>
      </p>
      <Pairs layers={now.layers} nLayer={nLayer} epoch={now.epoch} />
      <p className="tiny student-ink">student</p>
      <dl className="layer-map-draws">
        {maps.slice(-MOST_EARLIER).map(({ epoch, layers }) => (
          <div key={epoch} className={epoch === now.epoch ? 'now' : undefined}>
            <dt>Epoch {epoch + 1}</dt>
            <dd>
              <LayerGlyph layers={layers} nLayer={nLayer} teacher />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Pairs({ layers, nLayer, epoch }: { layers: readonly number[]; nLayer: number; epoch: number }) {
  const flow = useId();
  const students = layers.length + 1;
  const at = (index: number, count: number) => ((index + 0.5) * WIDTH) / count;
  const box = (index: number, count: number, top: number, kind: string) => {
    const pitch = WIDTH / count;
    const width = Math.min(46, pitch - 2);
    return (
      <g key={`${top} ${index}`} className={kind}>
        <rect x={at(index, count) - width / 2} y={top + 0.5} width={width} height={BOX} rx={3} />
        {pitch >= NUMBER_ROOM && (
          <text x={at(index, count)} y={top + 14.5} textAnchor="middle">
            {index}
          </text>
        )}
      </g>
    );
  };
  const pairs = layers.map((layer, i) => `${i} from ${layer}`).join(', ');
  return (
    <svg
      className="layer-pairs"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Epoch ${epoch + 1}: student layers learn from teacher layers, ${pairs}`}
    >
      <linearGradient id={flow} gradientUnits="userSpaceOnUse" x1="0" x2="0" y1={BOX} y2={STUDENT_TOP}>
        <stop offset="0" stopColor="var(--decant-teacher)" />
        <stop offset="1" stopColor="var(--decant-student)" />
      </linearGradient>
      {layers.map((layer, i) => {
        const [from, to] = [at(layer, nLayer), at(i, students)];
        const middle = (BOX + STUDENT_TOP) / 2;
        const path = `M${from} ${BOX + 1}C${from} ${middle} ${to} ${middle} ${to} ${STUDENT_TOP}`;
        return <path key={i} d={path} stroke={`url(#${flow})`} />;
      })}
      {Array.from({ length: nLayer }, (_, i) => box(i, nLayer, 0, layers.includes(i) ? 'of-teacher' : ''))}
      {Array.from({ length: students }, (_, i) =>
        box(i, students, STUDENT_TOP, i < layers.length ? 'of-student' : ''),
      )}
    </svg>
  );
}
