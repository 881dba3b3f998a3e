import { Modal, Switch } from '@mantine/core';
import { useStudio } from '../store';

const GROUPS: readonly { title: string; keys: readonly (readonly [keys: string[], what: string])[] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [['g'], 'then c, r or m: places'],
      [['Ctrl K'], 'commands'],
      [['Ctrl Enter'], 'Run, or continue'],
      [['Ctrl Z', 'Ctrl Shift Z'], 'undo, redo'],
      [['?'], 'this sheet'],
      [['Esc'], 'close'],
    ],
  },
  {
    title: 'Layer board',
    keys: [
      [['↑', '↓', 'Home', 'End'], 'move'],
      [['Space'], 'keep or leave out'],
      [['Shift ↑', 'Shift ↓'], 'choose a range'],
      [['+', '−'], 'one layer more, one less'],
      [['Ctrl A'], 'keep all'],
      [['N', 'Shift N'], 'next, previous kept layer'],
    ],
  },
  {
    title: 'While it runs',
    keys: [
      [['P'], 'pause, resume'],
      [['.'], 'one step, while paused'],
      [['E'], 'evaluate now'],
      [['Shift S'], 'stop, asks first'],
    ],
  },
  {
    title: 'In a chart',
    keys: [
      [['←', '→'], 'cursor; Shift for ten points'],
      [['↑', '↓'], 'another line'],
      [['B'], 'best value'],
      [['D'], 'data table'],
      [['L'], 'logarithmic'],
      [['[', ']'], 'smoothing'],
      [['0'], 'whole range'],
    ],
  },
];

/** Every key, one column, grouped by where it works. */
export function KeySheet() {
  const opened = useStudio((state) => state.keySheetOpen);
  const setOpen = useStudio((state) => state.setKeySheetOpen);
  const singleKeys = useStudio((state) => state.singleKeys);
  const setSingleKeys = useStudio((state) => state.setSingleKeys);
  return (
    <Modal
      opened={opened}
      onClose={() => setOpen(false)}
      title="Keys"
      size={420}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Switch
        size="xs"
        label="Single letters"
        checked={singleKeys}
        onChange={(event) => setSingleKeys(event.currentTarget.checked)}
      />
      <div className="key-groups">
        {GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([names, what]) => (
                <div key={what}>
                  <dt>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
