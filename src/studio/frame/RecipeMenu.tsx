import { Button, Menu } from '@mantine/core';
import { useRef } from 'react';
import { openRecipeFile, openWritten, PIPELINES } from '../openRecipe';
import { FIRST_RECIPE, usePaper } from '../paper/paperStore';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';

/** Recipes to start from: whole pipelines, rows of the paper, files. */
export function RecipeMenu() {
  const busy = useStudio(
    (state) => state.phase !== 'ready' || state.activeRunId !== null || state.loadingTeacher !== null,
  );
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Menu position="bottom-start" width={320} shadow="none">
        <Menu.Target>
          <Button
            className="top-presets"
            size="xs"
            disabled={busy}
            rightSection={<Icon name="chevron" size={12} />}
          >
            Recipes
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Whole pipelines</Menu.Label>
          {PIPELINES.map(({ id, label, about, recipe }) => (
            <Menu.Item key={id} onClick={() => void openWritten(() => Promise.resolve(recipe))}>
              {label}
              <span className="menu-about tiny muted">{about}</span>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => usePaper.getState().choose(FIRST_RECIPE)}>
            A row of the paper’s tables …
          </Menu.Item>
          <Menu.Item onClick={() => input.current?.click()}>Open a recipe file …</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Recipe file"
        data-picker="recipe"
        accept=".json,application/json"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void openRecipeFile(file);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
