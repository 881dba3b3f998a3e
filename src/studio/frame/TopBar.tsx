import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { Icon } from '../pieces/Icon';
import { remembers } from '../remembered';
import { recipeTitle } from '../selectionState';
import { useStudio, type StudioState } from '../store';
import { DeviceChip } from './DeviceChip';
import { RecipeMenu } from './RecipeMenu';
import { useKept } from './keptStore';

const select = (state: StudioState) => ({
  recipe: state.recipe,
  teacher: state.teacher,
  methods: state.methods,
  canUndo: state.past.length > 0,
  canRedo: state.future.length > 0,
});

/** The recipe's name; a click turns it into a field. An empty name goes back to the one made from its parts. */
function RecipeName() {
  const { recipe, teacher, methods } = useStudio(useShallow(select));
  const edit = useStudio((state) => state.edit);
  const [draft, setDraft] = useState<string | null>(null);
  const title = recipeTitle(recipe, teacher, methods);
  const keep = () => {
    const name = draft?.trim();
    if (name !== undefined && name !== title) edit((old) => ({ ...old, name: name || undefined }));
    setDraft(null);
  };
  if (draft === null) {
    return (
      <h1 className="recipe-name">
        <Tooltip label="Rename the recipe">
          <button type="button" onClick={() => setDraft(title)}>
            {title || 'New recipe'}
          </button>
        </Tooltip>
      </h1>
    );
  }
  return (
    <input
      className="recipe-name-field"
      aria-label="Name of the recipe"
      value={draft}
      maxLength={80}
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') keep();
        if (event.key === 'Escape') setDraft(null);
      }}
    />
  );
}

function ThemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  return (
    <Tooltip label={`Switch to ${next}`}>
      <ActionIcon
        variant="subtle"
        size={32}
        aria-label={`Switch to ${next}`}
        onClick={() => setColorScheme(next)}
      >
        <Icon name={next === 'dark' ? 'moon' : 'sun'} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Name, undo and redo, commands, device, theme. */
export function TopBar() {
  const { canUndo, canRedo } = useStudio(useShallow(select));
  const undo = useStudio((state) => state.undo);
  const redo = useStudio((state) => state.redo);
  return (
    <header className="top">
      <RecipeName />
      <Tooltip label="What is kept in this browser">
        <button type="button" className="saved small faint" onClick={() => useKept.getState().show()}>
          {remembers ? 'Saved in this browser' : 'Not saved: this browser stores nothing'}
        </button>
      </Tooltip>
      <span className="top-undo">
        <Tooltip label="Undo (Ctrl Z)">
          <ActionIcon variant="subtle" size={28} aria-label="Undo" disabled={!canUndo} onClick={undo}>
            <Icon name="undo" />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Redo (Ctrl Shift Z)">
          <ActionIcon variant="subtle" size={28} aria-label="Redo" disabled={!canRedo} onClick={redo}>
            <Icon name="redo" />
          </ActionIcon>
        </Tooltip>
      </span>
      <RecipeMenu />
      <span className="grow" />
      <button type="button" className="find" onClick={spotlight.open} aria-label="Find or run a command">
        <Icon name="search" />
        <span>Find or run a command</span>
        <kbd>Ctrl K</kbd>
      </button>
      <DeviceChip />
      <ThemeSwitch />
    </header>
  );
}
