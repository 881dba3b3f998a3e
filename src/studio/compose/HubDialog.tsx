import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useStudio } from '../store';
import { addressOf, HubFields, isAddress } from './HubFields';

const REPO = /^[\w.-]+\/[\w.-]+$/;

/** A checkpoint by its repository's name; a mirror or a school's server may stand in for the Hub. */
export function HubDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const hubUrl = useStudio((state) => state.hubUrl);
  const hubToken = useStudio((state) => state.hubToken);
  const setHub = useStudio((state) => state.setHub);
  const loadTeacher = useStudio((state) => state.loadTeacher);
  const [repo, setRepo] = useState('openai-community/gpt2');
  const [revision, setRevision] = useState('');
  const [access, setAccess] = useState({ address: hubUrl, token: hubToken });
  const [tried, setTried] = useState(false);

  const badRepo = !REPO.test(repo.trim());
  const badAddress = !isAddress(access.address.trim());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (badRepo || badAddress) return;
    onClose();
    await setHub(addressOf(access.address), access.token.trim());
    await loadTeacher({ kind: 'hub', repo: repo.trim(), revision: revision.trim() || undefined });
  };

  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="A GPT-2 from the Hub"
      size={460}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form className="dialog-form" onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Repository"
          description="owner/name, such as openai-community/gpt2 or distilbert/distilgpt2"
          value={repo}
          onChange={(event) => setRepo(event.currentTarget.value)}
          error={tried && badRepo ? 'A repository is written owner/name' : undefined}
          data-autofocus
          spellCheck={false}
        />
        <TextInput
          label="Revision"
          description="a branch, a tag or a commit; empty means main"
          value={revision}
          onChange={(event) => setRevision(event.currentTarget.value)}
          spellCheck={false}
        />
        <HubFields value={access} onChange={setAccess} />
        <p className="small muted">
          What is fetched is kept in this browser and not fetched again. Nothing is sent but the request.
        </p>
        <div className="dialog-buttons dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit">Load</Button>
        </div>
      </form>
    </Modal>
  );
}
