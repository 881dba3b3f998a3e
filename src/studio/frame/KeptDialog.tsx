import { Button, Modal } from '@mantine/core';
import type { KeptBytes, KeptKind } from '../../worker/protocol';
import { formatBytes } from '../charts/format';
import { ErrorCard } from '../pieces/ErrorCard';
import { remembers } from '../remembered';
import { useStudio } from '../store';
import { useKept } from './keptStore';

const KINDS: readonly { kind: KeptKind; label: string; what: string; loss: string }[] = [
  {
    kind: 'downloads',
    label: 'Downloads',
    what: 'models and data sets of the Hub',
    loss: 'They are fetched again when they are needed.',
  },
  {
    kind: 'tokens',
    label: 'Tokens',
    what: 'texts as the models read them',
    loss: 'Texts are cut into tokens again when they are needed.',
  },
];

/** One kind, with the question in its place once it is asked. */
function KeptRow({ bytes, kind, label, what, loss }: { bytes: number } & (typeof KINDS)[number]) {
  const { asked, clearing, ask, clear } = useKept();
  const running = useStudio((state) => state.activeRunId !== null);
  return (
    <li>
      <div className="between">
        <p>
          <b>{label}</b> <span className="muted small">{what}</span>
        </p>
        <span className="kept-size">{formatBytes(bytes)}</span>
        <Button
          size="xs"
          disabled={running || bytes === 0 || asked === kind}
          onClick={() => ask(kind)}
          aria-label={`Clear ${label.toLowerCase()}`}
        >
          Clear
        </Button>
      </div>
      {asked === kind && (
        <div className="between kept-question" role="group" aria-label={`Clear ${label.toLowerCase()}?`}>
          <p className="small">{loss}</p>
          <span className="kept-answers">
            <Button size="xs" autoFocus onClick={() => ask(null)}>
              Keep
            </Button>
            <Button size="xs" className="danger-button" loading={clearing} onClick={() => void clear()}>
              Clear {formatBytes(bytes)}
            </Button>
          </span>
        </div>
      )}
    </li>
  );
}

function Kept({ bytes }: { bytes: KeptBytes }) {
  const running = useStudio((state) => state.activeRunId !== null);
  const { downloads, tokens, limit } = bytes;
  return (
    <>
      <ul className="kept-kinds">
        {KINDS.map((row) => (
          <KeptRow key={row.kind} bytes={bytes[row.kind]} {...row} />
        ))}
      </ul>
      <p className="small muted">
        {formatBytes(downloads + tokens)} of at most {formatBytes(limit)}. Beyond that, what was not used for
        the longest goes first.
      </p>
      {running && <p className="small muted">A run reads from here; clear when it has ended.</p>}
    </>
  );
}

/** What this browser keeps between visits beside the recipe, and a way to have the room back. */
export function KeptDialog() {
  const { opened, bytes, problem, hide } = useKept();
  return (
    <Modal
      opened={opened}
      onClose={hide}
      title="Kept in this browser"
      size={480}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="muted">
        {remembers
          ? 'The recipe and what you set are saved as you change them. These two make the next visit faster:'
          : 'This browser saves no recipes. These two make the next visit faster:'}
      </p>
      {problem && <ErrorCard error={problem} />}
      {bytes ? <Kept bytes={bytes} /> : !problem && <p className="muted">Counting …</p>}
    </Modal>
  );
}
