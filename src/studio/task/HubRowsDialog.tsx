import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { addressOf, isAddress } from '../compose/HubFields';
import { Access } from '../hub/Access';
import { Cost } from '../hub/Cost';
import { FirstRows } from '../hub/FirstRows';
import { ErrorCard } from '../pieces/ErrorCard';
import { useStudio } from '../store';
import { HubRowsChoices } from './HubRowsChoices';
import { useHubRows } from './hubRows';
import { shortLabel, type NamedTaskId } from './taskWords';

const REPO = /^[\w.-]+\/[\w.-]+$/;

/** Rows of a task from the Hub: which splits, what is in them, and what fetching them takes, before anything is fetched. */
export function HubRowsDialog({ task }: { task: NamedTaskId }) {
  const { repo, parts, dataset, question, close, look, setRepo, take, showFirst } = useHubRows();
  const hub = useStudio((state) => state.hubUrl);
  const hubToken = useStudio((state) => state.hubToken);
  const setHub = useStudio((state) => state.setHub);
  const [access, setAccess] = useState({ address: hub, token: hubToken });
  const badRepo = repo.trim() !== '' && !REPO.test(repo.trim());
  const lookThere = async () => {
    if (badRepo || !isAddress(access.address.trim())) return;
    await setHub(addressOf(access.address), access.token.trim());
    await look();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parts) take();
    else if (!dataset) void lookThere();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={`Rows of ${shortLabel(task)} from the Hub`}
      size={560}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form className="dialog-form" onSubmit={submit}>
        <div className="dataset-name">
          <TextInput
            label="Data set"
            description="where the paper’s rows are, or another with the same columns"
            value={repo}
            onChange={(event) => setRepo(event.currentTarget.value)}
            error={badRepo ? 'A data set is written owner/name' : undefined}
            spellCheck={false}
            data-autofocus
          />
          <Button disabled={repo.trim() === ''} loading={question.asking} onClick={() => void lookThere()}>
            Look
          </Button>
        </div>
        {question.problem && <ErrorCard error={question.problem} />}
        <HubRowsChoices />
        {(question.asking || parts) && (
          <Cost train={parts?.train} validation={parts?.validation} question={question} />
        )}
        {parts && <FirstRows part={parts.train} disabled={question.asking} onShow={() => void showFirst()} />}
        <Access value={access} onChange={setAccess} problem={question.problem} />
        <p className="small muted">
          What is fetched is kept in this browser and not fetched again. Nothing is sent but the request.
        </p>
        <div className="dialog-buttons dialog-end">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" disabled={!parts}>
            Take these rows
          </Button>
        </div>
      </form>
    </Modal>
  );
}
