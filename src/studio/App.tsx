import { Notifications } from '@mantine/notifications';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Compose } from './compose/Compose';
import { Banners } from './frame/Banners';
import { KeptDialog } from './frame/KeptDialog';
import { KeySheet } from './frame/KeySheet';
import { Palette } from './frame/Palette';
import { Rail } from './frame/Rail';
import { StopDialog } from './frame/StopDialog';
import { TopBar } from './frame/TopBar';
import { useKeys } from './frame/useKeys';
import { useWarnings } from './frame/useWarnings';
import { usePaper } from './paper/paperStore';
import { useStudio } from './store';
import { placeOfHash } from './storeView';

// Charts are heavy and not needed for the first picture.
const Run = lazy(() => import('./run/RunPlace').then(({ RunPlace }) => ({ default: RunPlace })));
const Compare = lazy(() =>
  import('./compare/ComparePlace').then(({ ComparePlace }) => ({ default: ComparePlace })),
);
const PaperRecipes = lazy(() =>
  import('./paper/PaperRecipes').then(({ PaperRecipes }) => ({ default: PaperRecipes })),
);

/** The open place and the address say the same. */
function useHash(): void {
  const place = useStudio((state) => state.place);
  const go = useStudio((state) => state.go);
  useEffect(() => {
    const follow = () => go(placeOfHash(window.location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, [go]);
  useEffect(() => {
    if (!window.location.hash) history.replaceState(null, '', `#${place}`);
    else if (placeOfHash(window.location.hash) !== place) window.location.hash = place;
  }, [place]);
}

/** True from the first time on that it was: a dialog that has been open stays, to close as it opened. */
function useOnce(now: boolean): boolean {
  const [been, setBeen] = useState(now);
  if (now && !been) setBeen(true);
  return been;
}

/** The frame: rail, top bar, banners, the open place. */
export function App() {
  const place = useStudio((state) => state.place);
  const paper = useOnce(usePaper(({ chosen }) => chosen !== null));
  useHash();
  useKeys();
  useWarnings();
  return (
    <div className="app">
      <Rail />
      <TopBar />
      <main>
        <Banners />
        <Suspense fallback={<p className="place-loading muted">Opening …</p>}>
          {place === 'compose' && <Compose />}
          {place === 'run' && <Run />}
          {place === 'compare' && <Compare />}
        </Suspense>
        <div id="overlays" />
        <Notifications position="bottom-right" withinPortal={false} />
      </main>
      <Palette />
      <KeySheet />
      <KeptDialog />
      <StopDialog />
      <Suspense>{paper && <PaperRecipes />}</Suspense>
    </div>
  );
}
