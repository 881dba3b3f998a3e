import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { connectWorker } from '../connectWorker';
import { useStudio } from '../store';
import { HUB_URL } from '../storeSession';

const REPO = /^[\w.-]+\/[\w.-]+$/;

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** A checkpoint by its repository's name; a mirror or a school's server may stand in for the Hub. */
export function HubDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const hubUrl = useStudio((state) => state.hubUrl);
  const setHubUrl = useStudio((state) => state.setHubUrl);
  const loadTeacher = useStudio((state) => state.loadTeacher);
  const open = useStudio((state) => state.open);
  const [repo, setRepo] = useState('openai-community/gpt2');
  const [revision, setRevision] = useState('');
  const [address, setAddress] = useState(hubUrl);
  const [tried, setTried] = useState(false);

  const badRepo = !REPO.test(repo.trim());
  const badAddress = !isAddress(address.trim());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (badRepo || badAddress) return;
    onClose();
    const url = address.trim().replace(/\/+$/, '');
    if (url !== hubUrl) {
      setHubUrl(url);
      // The session learns the Hub's address when it is opened.
      await open(connectWorker());
    }
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
        <TextInput
          label="Address of the Hub"
          description={`a mirror may stand in for ${HUB_URL}`}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={tried && badAddress ? 'An address begins with http:// or https://' : undefined}
          spellCheck={false}
        />
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
