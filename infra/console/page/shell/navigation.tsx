import { useLocation } from 'preact-iso';
import { desk } from '../live.ts';
import { Icon } from './icon.tsx';
import { offeredPages, type PageEntry, type PageGroup } from './pages.ts';
import { type Theme, theme } from './theme.ts';

const groups: readonly PageGroup[] = ['Watch', 'Work', 'Govern'];

const Emblem = () => (
  <svg viewBox="0 0 44 28" class="emblem" aria-hidden="true" focusable="false">
    <circle cx="32" cy="8" r="4.500" class="emblem-sun" />
    <path d="M1 17c5-5 10-5 14-1.200s9 3.800 14 0 9-3 14 .5" class="emblem-wave" />
    <path d="M1 24c5-4 10-4 14-1s9 3 14 0 9-2.400 14 .4" class="emblem-wave deep" />
  </svg>
);

/** The page of which a path is a part: `/subjects/a` belongs to `/subjects`. */
const isCurrent = (entry: PageEntry, path: string): boolean =>
  entry.path === '/' ? path === '/' : path === entry.path || path.startsWith(`${entry.path}/`);

const waitingAt: Partial<Record<PageEntry['path'], () => number>> = {
  '/queue': () => desk.value.queue.waiting,
  '/alerts': () => desk.value.alerts.open,
  '/investigations': () => desk.value.investigations.open,
  '/approvals': () => desk.value.approvals.waiting,
};

const Entry = ({ entry, path }: { readonly entry: PageEntry; readonly path: string }) => {
  const count = waitingAt[entry.path]?.() ?? 0;
  return (
    <li>
      <a class="rail-link" href={entry.path} aria-current={isCurrent(entry, path) ? 'page' : undefined}>
        {entry.icon && <Icon name={entry.icon} />}
        <span class="rail-word">{entry.title}</span>
        {count > 0 && (
          <span class="rail-count" title={`${count} wait`}>
            {count > 999 ? '999+' : count}
            <span class="hidden"> waiting</span>
          </span>
        )}
      </a>
    </li>
  );
};

/** The way between pages. */
export const Navigation = ({ open, onHelp }: { readonly open: boolean; readonly onHelp: () => void }) => {
  const { path } = useLocation();
  return (
    <nav id="rail" class={open ? 'rail open' : 'rail'} aria-label="Pages">
      <a class="brand" href="/">
        <Emblem />
        <span class="brand-name">Ebbtide</span>
      </a>
      <div class="rail-nav">
        {groups.map((group) => {
          const entries = offeredPages().filter((entry) => entry.group === group);
          if (entries.length === 0) return null;
          return (
            <div key={group} class="rail-group">
              <p class="rail-title">{group}</p>
              <ul>
                {entries.map((entry) => (
                  <Entry key={entry.path} entry={entry} path={path} />
                ))}
              </ul>
            </div>
          );
        })}
      </div>
      <div class="rail-foot">
        <select
          aria-label="Theme"
          value={theme.value}
          onChange={(event) => {
            theme.value = event.currentTarget.value as Theme;
          }}
        >
          <option value="auto">System theme</option>
          <option value="dark">Dark</option>
          <option value="light">Light</option>
        </select>
        <button type="button" class="quiet" onClick={onHelp} aria-keyshortcuts="?">
          Keyboard <kbd>?</kbd>
        </button>
      </div>
    </nav>
  );
};
