/** Progress of a command as lines on standard error. */
import type { Event } from '../worker/protocol';
import type { Output } from './output';

/** Says progress at most once a second and a last time at the end of a series. */
export function progressNotes(out: Output): (event: Event) => void {
  let last = performance.now();
  return (event) => {
    if (event.type !== 'progress' || performance.now() - last < 1000) return;
    last = performance.now();
    const { what, done, total, unit } = event;
    const scale = unit === 'bytes' ? 1e6 : 1;
    const shown = (value: number) => (value / scale).toFixed(unit === 'bytes' ? 1 : 0);
    out.note(`${what}: ${shown(done)} of ${shown(total)} ${unit === 'bytes' ? 'MB' : unit}`);
  };
}
