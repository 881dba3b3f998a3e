import { Tooltip } from '@mantine/core';
import { Icon, type IconName } from '../pieces/Icon';
import { useStudio } from '../store';
import type { PlaceName } from '../storeView';

const LIVE: readonly { place: PlaceName; label: string; icon: IconName; keys: string }[] = [
  { place: 'compose', label: 'Compose', icon: 'compose', keys: 'g c' },
  { place: 'run', label: 'Run', icon: 'run', keys: 'g r' },
  { place: 'compare', label: 'Compare', icon: 'compare', keys: 'g m' },
];

const LATER: readonly { label: string; icon: IconName }[] = [
  { label: 'Inspect', icon: 'inspect' },
  { label: 'Library', icon: 'library' },
];

/** Four teacher slabs, two student slabs. */
function Logo() {
  return (
    <svg width="30" height="26" viewBox="0 0 30 26" role="img" aria-label="Decant">
      <g fill="var(--decant-teacher)">
        <rect x="1" y="1" width="12" height="4" rx="1" />
        <rect x="1" y="7" width="12" height="4" rx="1" opacity=".45" />
        <rect x="1" y="13" width="12" height="4" rx="1" opacity=".45" />
        <rect x="1" y="19" width="12" height="4" rx="1" />
      </g>
      <g fill="var(--decant-student)">
        <rect x="17" y="13" width="12" height="4" rx="1" />
        <rect x="17" y="19" width="12" height="4" rx="1" />
      </g>
    </svg>
  );
}

/** The five places; two of them are still to come. */
export function Rail() {
  const open = useStudio((state) => state.place);
  const running = useStudio((state) => state.activeRunId !== null);
  return (
    <nav className="rail" aria-label="Places">
      <div className="logo">
        <Logo />
      </div>
      {LIVE.map(({ place, label, icon, keys }) => (
        <a
          key={place}
          href={`#${place}`}
          aria-current={open === place ? 'page' : undefined}
          aria-keyshortcuts={keys}
        >
          <Icon name={icon} />
          <span>
            {label}
            {place === 'run' && running && (
              <span className="live-dot" role="img" aria-label=", in progress" />
            )}
          </span>
        </a>
      ))}
      {LATER.map(({ label, icon }) => (
        <Tooltip key={label} label={`${label} comes later`} position="right">
          <span className="rail-later" role="link" aria-disabled="true" tabIndex={0}>
            <Icon name={icon} />
            {label}
          </span>
        </Tooltip>
      ))}
    </nav>
  );
}
