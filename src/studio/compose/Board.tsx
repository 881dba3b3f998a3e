import { useMediaQuery } from '@mantine/hooks';
import { useRef } from 'react';
import type { ModelCard } from '../../worker/protocol';
import { parameterCount } from '../../model/config';
import { formatCompact } from '../charts/format';
import { boardGeometry, readerPlace } from './boardGeometry';
import { FixedRow, Ribbons, Slab, StudentSlots } from './BoardParts';
import { LayerReader, SelectionReader } from './Reader';
import { useBoard } from './useBoard';
import { useContentSize } from '../pieces/useContentSize';
import { useHeadText } from '../task/useTask';

/** Width before the first measurement; one frame later the real one is known. */
const FIRST_WIDTH = 736;

function slabLabel(layer: number, slot: number): string {
  return slot < 0 ? `Layer ${layer}, left out` : `Layer ${layer}, kept as slot ${slot}`;
}

/** Teacher slabs, student slots and the ribbons between them, drawn at the board's real width. */
export function Board({ teacher, keptCount }: { teacher: ModelCard; keptCount: number }) {
  const [ref, { width, height }] = useContentSize();
  const scrollsPage = useMediaQuery('(max-width: 1100px)') ?? false;
  const { config } = teacher;
  const layers = config.nLayer;
  const room = scrollsPage || height === 0 ? null : height;
  const g = boardGeometry(width || FIRST_WIDTH, room, layers, keptCount);
  const list = useRef<SVGGElement>(null);
  const board = useBoard(teacher, g, list);
  const head = useHeadText(teacher);
  const { kept, active } = board;

  const whole = parameterCount(config);
  const perLayer = whole - parameterCount({ ...config, nLayer: layers - 1 });
  const embeddings = (config.vocabSize + config.nPositions) * config.nEmbd;
  const student = whole - (layers - kept.length) * perLayer;
  const order = Array.from({ length: layers }, (_, i) => layers - 1 - i);
  const place = readerPlace(g, layers, kept.length);
  const beside = { left: g.teacherWidth + g.pull + 10, width: g.slotsFrom - g.teacherWidth - g.pull - 20 };

  const reader =
    active === null ? (
      <SelectionReader kept={kept} layers={layers} />
    ) : (
      <LayerReader layer={active} slot={kept.indexOf(active)} parameters={perLayer} />
    );

  return (
    <div className="stack" ref={ref}>
      <div className="stack-draw" style={{ height: g.height }}>
        <svg width={g.width} height={g.height} className="board-svg">
          <defs>
            <linearGradient id="ribbon-flow">
              <stop className="stop-teacher" offset="0" />
              <stop className="stop-student" offset="1" />
            </linearGradient>
          </defs>
          <Ribbons geometry={g} kept={kept} hot={active} />
          <FixedRow
            geometry={g}
            side="teacher"
            y={g.teacherNormY}
            text="final layer norm, tied output head"
            short="final norm"
          />
          <FixedRow
            geometry={g}
            side="teacher"
            y={g.embeddingsY}
            text={`token and position embeddings · ${formatCompact(embeddings)}`}
            short="embeddings"
          />
          <FixedRow
            geometry={g}
            side="student"
            y={g.studentNormY}
            text={head ? `final layer norm · ${head}` : 'final layer norm'}
            short={head ? 'classifier' : 'final norm'}
          />
          <FixedRow
            geometry={g}
            side="student"
            y={g.embeddingsY}
            text="embeddings, always kept"
            short="embeddings"
          />
          <g
            role="listbox"
            aria-multiselectable="true"
            aria-label="Teacher layers, top to bottom"
            ref={list}
            {...board.handlers}
          >
            {order.map((layer) => (
              <Slab
                key={layer}
                geometry={g}
                layer={layer}
                kept={kept.includes(layer)}
                label={slabLabel(layer, kept.indexOf(layer))}
                parameters={perLayer}
                tabbable={layer === board.focus}
                hot={layer === active}
                inRange={board.range.includes(layer)}
                onFocus={() => board.setFocus(layer)}
                onHover={(on) => board.setHover(on ? layer : null)}
              />
            ))}
          </g>
          <StudentSlots geometry={g} kept={kept} parameters={perLayer} hot={active} />
        </svg>
        {place === 'above' && (
          <div
            className="reader above"
            style={{ width: g.width - g.slotsFrom, maxHeight: g.studentNormY - 8 }}
          >
            {reader}
          </div>
        )}
        {place === 'beside' && active !== null && (
          <div
            className="reader beside"
            style={{ ...beside, top: Math.min(g.layerY(active), g.height - 120) }}
          >
            {reader}
          </div>
        )}
      </div>
      {place === 'below' && <div className="reader below">{reader}</div>}
      <p className="visually-hidden" aria-live="polite">
        {board.notice || `${kept.length} of ${layers} kept, ${formatCompact(student)} parameters`}
      </p>
    </div>
  );
}
