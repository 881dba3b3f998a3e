import { Button, Modal, NativeSelect } from '@mantine/core';
import { useMemo } from 'react';
import { recipeDifferences } from '../../paper/differences';
import { paperRecipes } from '../../paper/recipes';
import type { Work } from '../../paper/works';
import { useStudio } from '../store';
import { openRecipe } from '../openRecipe';
import { completed, usePaper } from './paperStore';

const RECIPES = paperRecipes();

/** `Tables 3 and 4`, `Table 7` */
const tableOf = ({ title }: Work) => /^Tables? \d(?: and \d)?/.exec(title)![0];
const TABLES = [...new Set(RECIPES.map(({ work }) => tableOf(work)))].sort();

/** Which row of the paper, what its recipe changes, and a button that takes it into the form. */
export function PaperRecipes() {
  const { chosen, choose } = usePaper();
  const methods = useStudio((state) => state.methods);
  const running = useStudio((state) => state.activeRunId !== null || state.loadingTeacher !== null);
  const recipe = RECIPES.find(({ id }) => id === chosen);
  // Settings of methods are known when the session is open.
  const differences = useMemo(
    () => (recipe && methods.length > 0 ? recipeDifferences(completed(recipe), recipe.work) : []),
    [recipe, methods],
  );
  const table = recipe && tableOf(recipe.work);
  const rows = RECIPES.filter(({ work }) => tableOf(work) === table);
  return (
    <Modal
      opened={recipe !== undefined}
      onClose={() => choose(null)}
      title="A run of the paper"
      size={560}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {recipe && (
        <>
          <div className="paper-choice">
            <NativeSelect
              label="Table"
              data={TABLES}
              value={table}
              onChange={(event) => {
                const first = RECIPES.find(({ work }) => tableOf(work) === event.currentTarget.value);
                choose(first?.id ?? null);
              }}
            />
            <NativeSelect
              label="Row"
              data={rows.map(({ id, work }) => ({
                value: id,
                label: work.title.slice(tableOf(work).length + 2),
              }))}
              value={recipe.id}
              onChange={(event) => choose(event.currentTarget.value)}
            />
          </div>
          <h3>What differs from the paper</h3>
          <ul className="paper-differs small">
            {differences.map(({ text }) => (
              <li key={text}>{text}</li>
            ))}
            {recipe.work.computing && <li>The paper: {recipe.work.computing}.</li>}
          </ul>
          <p className="small muted">
            Learning rate and batch are Decant’s: the paper prints none. The same recipe for the command line
            is <span className="mono">recipes/paper/{recipe.id}.json</span>.
          </p>
          <div className="between dialog-buttons">
            <span className="small muted">Model and data come from the Hub when they are needed.</span>
            <Button
              variant="filled"
              disabled={running}
              onClick={() => {
                choose(null);
                void openRecipe(completed(recipe));
              }}
            >
              Take it into Compose
            </Button>
          </div>
        </>
      )}
    </Modal>
  );
}
