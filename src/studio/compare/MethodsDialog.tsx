import { Button, Checkbox, Modal, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { useStudio } from '../store';
import { BASELINE, MOST_SEEDS } from './methodsPlan';
import { useMethods } from './methodsStore';

const WORDS: Readonly<Record<string, string>> = { [BASELINE]: 'always among them' };

/** Which methods are compared, over how many seeds. The form gives everything else. */
export function MethodsDialog() {
  const { dialogOpen, setDialogOpen, start } = useMethods();
  const methods = useStudio((state) => state.methods);
  const form = useStudio((state) => state.recipe.stages.at(-1)?.method);
  const go = useStudio((state) => state.go);
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [seeds, setSeeds] = useState(3);
  const ids = (chosen ?? [form ?? '']).filter((id) => id !== BASELINE);
  const toggle = (id: string) => setChosen(ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]);
  const count = (ids.length + 1) * seeds;
  const begin = () => {
    go('compare');
    void start(ids, seeds);
  };
  return (
    <Modal
      opened={dialogOpen}
      onClose={() => setDialogOpen(false)}
      title="Compare methods"
      size={480}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="muted small">
        The recipe in the form is run once a method and seed: the same student, text and order of batches, the
        last stage’s method changed. A method’s settings are its defaults, those of the method in the form are
        the form’s.
      </p>
      <div className="methods-choice" role="group" aria-label="Methods">
        {methods.map(({ id, label, needsTeacher }) => (
          <Checkbox
            key={id}
            label={label}
            description={WORDS[id] ?? (needsTeacher ? 'with the teacher' : 'without a teacher')}
            checked={id === BASELINE || ids.includes(id)}
            disabled={id === BASELINE}
            onChange={() => toggle(id)}
          />
        ))}
      </div>
      <div className="between dialog-buttons">
        <NumberInput
          label="Seeds"
          w={90}
          min={1}
          max={MOST_SEEDS}
          allowDecimal={false}
          clampBehavior="strict"
          value={seeds}
          onChange={(value) => typeof value === 'number' && setSeeds(value)}
        />
        <span className="small muted" role="status">
          {count} runs, one after the other
        </span>
        <Button variant="filled" disabled={ids.length === 0} onClick={begin}>
          Run {count} runs
        </Button>
      </div>
    </Modal>
  );
}
