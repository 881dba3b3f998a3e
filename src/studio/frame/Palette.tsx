import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useStudio } from '../store';
import { Icon } from '../pieces/Icon';
import { paletteCommands, type PaletteCommand } from './commands';

function action({ id, label, description, icon, keys, refusal, run }: PaletteCommand) {
  return {
    id,
    label,
    description: refusal ?? description,
    disabled: refusal !== undefined,
    leftSection: <Icon name={icon} />,
    rightSection: keys ? <kbd>{keys}</kbd> : undefined,
    onClick: run,
  };
}

/** Ctrl K: every command by its name. */
export function Palette() {
  const commands = paletteCommands(useStudio());
  const groups = [...new Set(commands.map((command) => command.group))];
  const actions: SpotlightActionGroupData[] = groups.map((group) => ({
    group,
    actions: commands.filter((command) => command.group === group).map(action),
  }));
  return (
    <Spotlight
      actions={actions}
      shortcut={['mod + K']}
      highlightQuery
      attributes={{ content: { 'aria-label': 'Commands' } }}
      nothingFound="No command of that name"
      scrollable
      maxHeight={420}
      // Its actions are walked by arrow keys from the field; scrolling by keyboard needs the list itself.
      scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      searchProps={{
        'aria-label': 'Find or run a command',
        placeholder: 'Find or run a command',
        leftSection: <Icon name="search" />,
        rightSection: <kbd>Esc</kbd>,
      }}
    />
  );
}
