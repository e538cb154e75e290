import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useLayoutEffect } from 'preact/hooks';
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { Tide } from '../tide/tide.tsx';
import { Help } from './help.tsx';
import { useKeys } from './keys.ts';
import { Navigation } from './navigation.tsx';
import { Notices } from './notices.tsx';
import { Empty, Failed, focusTitle, Page } from './page.tsx';
import { offeredPages, pages } from './pages.ts';
import { Palette } from './palette.tsx';
import { Toast } from './toast.tsx';
import { Topbar } from './topbar.tsx';

const Home = () => {
  useLayoutEffect(() => {
    document.title = 'Ebbtide';
    focusTitle(document.querySelector('.tide-page h1'));
  }, []);
  return null;
};

const NotFound = () => (
  <Page title="Nothing here">
    <Empty title="There is no such page">
      <a href="/">Go to the tide</a>, or search with <kbd>/</kbd>.
    </Empty>
  </Page>
);

/** What fails in one page leaves the others. */
const Guarded = ({ children }: { readonly children: ComponentChildren }) => {
  const [error, reset] = useErrorBoundary();
  if (!error) return children;
  return (
    <Page title="This page failed">
      <Failed error={error} onRetry={reset} />
    </Page>
  );
};

const Shell = () => {
  const { path, route } = useLocation();
  const menu = useSignal(false);
  const open = useSignal<'palette' | 'help' | null>(null);
  useKeys('Everywhere', [
    {
      key: '/',
      text: 'Search, or do something',
      run: () => {
        open.value = 'palette';
      },
    },
    {
      key: '?',
      text: 'What the keys do',
      run: () => {
        open.value = 'help';
      },
    },
    ...offeredPages()
      .filter(({ key }) => key)
      .map((page) => ({ key: `g ${page.key}`, text: page.title, run: () => route(page.path) })),
  ]);
  useEffect(() => {
    menu.value = false;
  }, [path]);
  const close = (): void => {
    open.value = null;
  };
  return (
    <div class="shell">
      <Navigation
        open={menu.value}
        onHelp={() => {
          open.value = 'help';
        }}
      />
      <div class="shell-body">
        <Topbar
          menuOpen={menu.value}
          onMenu={() => {
            menu.value = !menu.value;
          }}
          onSearch={() => {
            open.value = 'palette';
          }}
        />
        <Notices />
        <main id="main" tabIndex={-1}>
          <Tide shown={path === '/'} />
          <Guarded key={path}>
            <ErrorBoundary>
              <Router>
                {pages.map((page) => (
                  <Route key={page.path} path={page.path} component={page.component ?? Home} />
                ))}
                <Route default component={NotFound} />
              </Router>
            </ErrorBoundary>
          </Guarded>
        </main>
      </div>
      <Toast />
      {open.value === 'palette' && (
        <Palette
          onClose={close}
          onHelp={() => {
            open.value = 'help';
          }}
        />
      )}
      {open.value === 'help' && <Help onClose={close} />}
    </div>
  );
};

/** The console. */
export const App = () => (
  <LocationProvider>
    <Shell />
  </LocationProvider>
);
