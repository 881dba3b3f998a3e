import { Button, Menu, Modal } from '@mantine/core';
import { useRef, useState } from 'react';
import type { TextCard } from '../../worker/protocol';
import { useCleaning } from '../clean/cleanStore';
import { useCleaningSettings } from '../clean/useCleaningSettings';
import { formatCount } from '../charts/format';
import { ErrorCard } from '../pieces/ErrorCard';
import { pickedFiles, TEXT_ACCEPT } from '../pieces/files';
import { Icon } from '../pieces/Icon';
import { LoadingStrip } from '../pieces/Progress';
import { useStudio } from '../store';
import { DatasetDialog } from './DatasetDialog';
import { TextColumn } from './TextColumn';
import { TaskItems } from '../task/TaskItems';

type Window = TextCard['preview'][number];

/** Tokens as the model gets them: each underlined, alternating; where a document begins stands a bar. */
function Tokens({ window }: { window: Window }) {
  return (
    <>
      {window.tokens.map((token, i) => (
        <span
          key={i}
          className={token.start ? 'token start' : 'token'}
          title={`${token.start ? 'a document begins; ' : ''}token ${token.id}`}
        >
          {token.text.replaceAll('\n', '⏎')}
        </span>
      ))}
    </>
  );
}

/** What the student can learn from. */
export function DataMenu({ of }: { of: string }) {
  const loadText = useStudio((state) => state.loadText);
  const busy = useStudio((state) => state.loadingText !== null || state.activeRunId !== null);
  const input = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (chosen: HTMLInputElement) => {
    const { files } = chosen;
    if (files?.length) void loadText({ kind: 'files', ...pickedFiles([...files]) });
    chosen.value = '';
  };
  const [hub, setHub] = useState(false);
  return (
    <>
      {hub && <DatasetDialog opened onClose={() => setHub(false)} />}
      <Menu position="bottom-end" width={240} shadow="none">
        <Menu.Target>
          <Button variant="subtle" size="xs" disabled={busy} rightSection={<Icon name="chevron" />}>
            Change<span className="visually-hidden"> {of}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void loadText({ kind: 'demo' })}>Demo text, bundled</Menu.Item>
          <Menu.Item onClick={() => input.current?.click()}>Own text files …</Menu.Item>
          <Menu.Item onClick={() => folder.current?.click()}>A folder of texts …</Menu.Item>
          <Menu.Item onClick={() => setHub(true)}>From the Hub …</Menu.Item>
          <TaskItems />
        </Menu.Dropdown>
      </Menu>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label="Text files"
        data-picker="text"
        accept={TEXT_ACCEPT}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder of texts"
        data-picker="text-folder"
        // React has no name for it; every browser does.
        {...{ webkitdirectory: '' }}
        onChange={(event) => take(event.currentTarget)}
      />
    </>
  );
}

function Preview({ text }: { text: TextCard }) {
  const [opened, setOpened] = useState(false);
  const first = text.preview[0];
  if (!first) return null;
  return (
    <>
      <div
        className="sees"
        role="img"
        aria-label={`The first window as the model sees it: ${first.tokens.map((token) => token.text).join('')}`}
      >
        <div className="sees-lines">
          <Tokens window={first} />
        </div>
      </div>
      <p className="tiny faint between sees-note">
        <span>Window 1 of {formatCount(text.windows)}</span>
        <button type="button" className="why" onClick={() => setOpened(true)}>
          What the model sees
        </button>
      </p>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="What the model sees"
        size={720}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <p className="muted small">
          Text is cut into tokens, documents are put one after the other, and windows of equal length are cut
          from that. An underline is a token; a bar is where a document begins.
        </p>
        {text.preview.map((window, i) => (
          <section key={i} className="sees-window">
            <h3>Window {i + 1}</h3>
            <div className="sees whole" tabIndex={0} role="group" aria-label={`Window ${i + 1}`}>
              <Tokens window={window} />
            </div>
          </section>
        ))}
      </Modal>
    </>
  );
}

/** Whether the text is cleaned, and the way to what is in it. */
function CleaningLine() {
  const { settings } = useCleaningSettings();
  const show = useCleaning((state) => state.show);
  const busy = useStudio((state) => state.activeRunId !== null || state.loadingText !== null);
  return (
    <p className="tiny faint between">
      <span>{settings ? 'Cleaned before training' : 'Learned from as it is'}</span>
      <button type="button" className="why" disabled={busy} onClick={() => show(true)}>
        Look inside, clean
      </button>
    </p>
  );
}

/** The recipe's text is not there: why, and the ways on. */
function NoText() {
  const ref = useStudio((state) => state.textRef);
  const problem = useStudio((state) => state.problems.text);
  const loadText = useStudio((state) => state.loadText);
  const ready = useStudio((state) => state.phase === 'ready' && state.teacher !== null);
  if (!ready && !problem) return null;
  const named = ref.kind === 'demo' ? 'The demo text' : ref.name;
  const again = ref.kind !== 'files' || ref.files.length > 0;
  return (
    <div className="no-text">
      {problem ? (
        <ErrorCard error={problem} meaning={`${named} stays the recipe’s text. A run waits for it.`} />
      ) : (
        <p className="muted">
          {named} is not loaded. Try again, or drop .txt, .jsonl, .csv, .tsv or .parquet.
        </p>
      )}
      <div className="row">
        {again && (
          <Button size="xs" onClick={() => void loadText(ref)}>
            Try again
          </Button>
        )}
        {ref.kind !== 'demo' && (
          <Button size="xs" variant="subtle" onClick={() => void loadText({ kind: 'demo' })}>
            Take the demo text
          </Button>
        )}
      </div>
    </div>
  );
}

/** The text: where it is from, how much it is, what the model gets to see of it. */
export function TextPanel() {
  const text = useStudio((state) => state.text);
  const loading = useStudio((state) => state.loadingText);
  const problem = useStudio((state) => state.problems.text);
  const dismiss = useStudio((state) => state.dismiss);
  const [folded, setFolded] = useState(false);
  return (
    <section className="card text-card" aria-label="Text">
      <div className="between card-head">
        <h2>
          <button type="button" className="fold" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
            <span className={folded ? 'unturned' : undefined}>
              <Icon name="chevron" size={12} />
            </span>
            Text
          </button>
        </h2>
        {folded && text && <span className="small muted grow fold-name">{text.name}</span>}
        <DataMenu of="the text" />
      </div>
      {problem && text && (
        <ErrorCard error={problem} meaning={`${text.name} stays in use.`} onClose={() => dismiss('text')} />
      )}
      {loading && <LoadingStrip loading={loading} />}
      {!text && !loading && <NoText />}
      {text && !folded && (
        <>
          <p className="muted">{text.name}</p>
          <TextColumn />
          <dl className="kv">
            <div>
              <dt>Train</dt>
              <dd>{formatCount(text.trainTokens)} tokens</dd>
            </div>
            <div>
              <dt>Validation</dt>
              <dd>{formatCount(text.validationTokens)}</dd>
            </div>
            <div>
              <dt>Documents</dt>
              <dd>{formatCount(text.trainDocuments)}</dd>
            </div>
          </dl>
          <Preview text={text} />
          <CleaningLine />
          {text.warnings.map((warning) => (
            <p key={warning} className="tiny card-warning">
              <Icon name="warn" size={12} /> {warning}
            </p>
          ))}
        </>
      )}
    </section>
  );
}
