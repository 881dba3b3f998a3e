import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { HUB_TEXTS } from '../../data/hubDatasets';
import { Access } from '../hub/Access';
import { Cost } from '../hub/Cost';
import { ErrorCard } from '../pieces/ErrorCard';
import type { TextRef } from '../../worker/protocol';
import { useStudio } from '../store';
import { DatasetChoices } from './DatasetChoices';
import { addressOf, isAddress } from './HubFields';

const REPO = /^[\w.-]+(\/[\w.-]+)?$/;
const PRESETS = HUB_TEXTS.map(({ id, label }) => ({ value: id, label }));

interface DatasetDialogProps {
  opened: boolean;
  onClose: () => void;
  /** Has the text loaded; the run's own is otherwise. */
  take?: (text: TextRef) => Promise<void>;
}

/** A text from the Hub: which one, which part of it, and what that would fetch, before anything is fetched. */
export function DatasetDialog({ opened, onClose, take }: DatasetDialogProps) {
  const hub = useStudio((state) => state.hubUrl);
  const hubToken = useStudio((state) => state.hubToken);
  const setHub = useStudio((state) => state.setHub);
  const lookUp = useStudio((state) => state.lookUp);
  const loadDataset = useStudio((state) => state.loadDataset);
  const leave = useStudio((state) => state.leaveDataset);
  const question = useStudio((state) => state.datasetQuestion);
  const ready = useStudio((state) => state.datasetParts !== null);
  const found = useStudio((state) => state.dataset !== null);
  const [preset, setPreset] = useState<string | null>(null);
  const [repo, setRepo] = useState('');
  const [access, setAccess] = useState({ address: hub, token: hubToken });

  const close = () => {
    leave();
    onClose();
  };
  const look = async (name: string, id: string | null) => {
    if (!REPO.test(name) || !isAddress(access.address.trim())) return;
    await setHub(addressOf(access.address), access.token.trim());
    const known = HUB_TEXTS.find((text) => text.id === id && text.repo === name);
    const { train, validation } = known?.splits ?? {};
    await lookUp(
      name,
      known && {
        ...{ config: known.config, column: known.column, join: known.join ?? null },
        ...{ train, validation: validation ?? null },
      },
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Enter in a field of the choices: they are asked for anew.
    if (!ready) return void (found || look(repo.trim(), preset));
    onClose();
    void loadDataset(take);
  };

  return (
    <Modal
      opened={opened}
      onClose={close}
      title="A text from the Hub"
      size={520}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form className="dialog-form" onSubmit={submit}>
        <Select
          label="Known texts"
          placeholder="or any other, by its name"
          description={HUB_TEXTS.find(({ id }) => id === preset)?.about}
          data={PRESETS}
          value={preset}
          clearable
          onChange={(id) => {
            setPreset(id);
            const name = HUB_TEXTS.find((text) => text.id === id)?.repo;
            if (name === undefined) return;
            setRepo(name);
            void look(name, id);
          }}
        />
        <div className="dataset-name">
          <TextInput
            label="Data set"
            description="owner/name, such as Salesforce/wikitext"
            value={repo}
            onChange={(event) => {
              setRepo(event.currentTarget.value);
              setPreset(null);
              leave();
            }}
            error={
              repo.trim() !== '' && !REPO.test(repo.trim()) ? 'A data set is written owner/name' : undefined
            }
            spellCheck={false}
            data-autofocus
          />
          <Button
            disabled={repo.trim() === ''}
            loading={question.asking}
            onClick={() => void look(repo.trim(), preset)}
          >
            Look
          </Button>
        </div>
        {question.problem && <ErrorCard error={question.problem} />}
        {!found && question.asking && <Cost train={undefined} validation={null} question={question} />}
        <DatasetChoices />
        <Access value={access} onChange={setAccess} problem={question.problem} />
        <p className="small muted">
          What is fetched is kept in this browser and not fetched again. Nothing is sent but the request.
        </p>
        <div className="dialog-buttons dialog-end">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" disabled={!ready}>
            Load
          </Button>
        </div>
      </form>
    </Modal>
  );
}
