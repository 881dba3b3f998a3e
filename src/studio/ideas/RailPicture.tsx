import { Button } from '@mantine/core';
import { useState } from 'react';
import { LayerGlyph } from '../compare/LayerGlyph';
import { Icon } from '../pieces/Icon';
import { exampleDraw, pairsOf } from './layerDraw';
import { layerMaps } from './layerMaps';
import { LayerPairs } from './LayerPairs';
import type { IdeaRun } from './useIdeaRun';

/** Earlier draws stand below as glyphs, so that one sees that they are random. */
const MOST_EARLIER = 3;

interface RailPictureProps {
  nLayer: number;
  /** Layers of the student. */
  students: number;
  seed: number;
  now: IdeaRun | null;
}

/** Which layers are paired: in a run those of this epoch, before one an example. */
export function RailPicture({ nLayer, students, seed, now }: RailPictureProps) {
  const [count, setCount] = useState(0);
  const maps = now ? layerMaps(now.run.epochs, now.stage) : [];
  const last = maps.at(-1);
  const example = exampleDraw(nLayer, students, seed, count);
  const layers = last?.layers ?? example;
  if (!layers)
    return (
      <figure className="idea">
        <p className="small faint">
          A student of {students} layers cannot be paired with a teacher of {nLayer}: it needs at least two,
          and the teacher as many.
        </p>
      </figure>
    );
  const title = last ? `Epoch ${last.epoch + 1}` : 'An example';
  return (
    <>
      <figure className="idea">
        <figcaption className="between small">
          <span>
            <b>{title}</b> <span className="muted">{last ? 'pairs in use' : 'every epoch draws anew'}</span>
          </span>
          {!last && (
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<Icon name="reset" size={12} />}
              onClick={() => setCount(count + 1)}
            >
              Draw another
            </Button>
          )}
        </figcaption>
        <p className="between tiny layer-ends">
          <span className="teacher-ink">teacher, outputs of its blocks</span>
          <span className="faint">last blocks: have the soft target</span>
        </p>
        <LayerPairs layers={layers} nLayer={nLayer} title={title} />
        <p className="tiny student-ink">student</p>
      </figure>
      {maps.length > 0 && (
        <Draws maps={maps.slice(-MOST_EARLIER)} nLayer={nLayer} students={students} seed={seed} />
      )}
    </>
  );
}

interface DrawsProps {
  maps: ReturnType<typeof layerMaps>;
  nLayer: number;
  students: number;
  seed: number;
}

function Draws({ maps, nLayer, students, seed }: DrawsProps) {
  return (
    <figure className="idea">
      <figcaption className="between small">
        <span className="muted">Drawn so far, seed {seed}</span>
        <span className="tiny faint">
          each epoch {pairsOf(students)} of {nLayer - 1}, in order
        </span>
      </figcaption>
      <dl className="layer-map-draws">
        {maps.map(({ epoch, layers }, i) => (
          <div key={epoch} className={i === maps.length - 1 ? 'now' : undefined}>
            <dt>Epoch {epoch + 1}</dt>
            <dd>
              <LayerGlyph layers={layers} nLayer={nLayer} teacher />
              <span className="mono small">{layers.join(' ')}</span>
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
