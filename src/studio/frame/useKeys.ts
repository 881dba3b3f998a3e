import { useEffect, useRef } from 'react';
import { useStudio } from '../store';
import { keyCommand, takesText, type KeyCommand } from './keys';

/** How long `g` waits for the letter of a place. */
const CHORD_MS = 1200;

function perform(command: KeyCommand): void {
  const state = useStudio.getState();
  const active = state.runs.find((run) => run.id === state.activeRunId);
  switch (command.type) {
    case 'go':
      state.go(command.place);
      return;
    case 'undo':
      state.undo();
      return;
    case 'redo':
      state.redo();
      return;
    case 'keySheet':
      state.setKeySheetOpen(!state.keySheetOpen);
      return;
    case 'run':
      if (active?.state === 'paused') void state.control('resume');
      else if (!active) void state.startRun();
      return;
    case 'pause':
      if (active) void state.control(active.state === 'paused' ? 'resume' : 'pause');
      return;
    case 'stepOnce':
      if (active?.state === 'paused') void state.control('stepOnce');
      return;
    case 'evaluateNow':
      if (active) void state.control('evaluateNow');
      return;
    case 'stop':
      if (active) state.askToStop();
      return;
    case 'await':
      return;
  }
}

/** Listens to the keys that work everywhere. A dialog keeps its keys to itself. */
export function useKeys(): void {
  const awaitingUntil = useRef(0);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('[role="dialog"]')) return;
      const { place, singleKeys } = useStudio.getState();
      const awaiting = Date.now() < awaitingUntil.current;
      const typing = takesText(document.activeElement);
      const command = keyCommand(event, { typing, singleKeys, awaiting, place });
      awaitingUntil.current = command?.type === 'await' ? Date.now() + CHORD_MS : 0;
      if (!command) return;
      event.preventDefault();
      perform(command);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
}
