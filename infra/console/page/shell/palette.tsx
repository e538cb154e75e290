import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Found } from '../../view/desk.ts';
import { get } from '../api.ts';
import { Icon, type IconName } from './icon.tsx';
import { Modal } from './modal.tsx';
import { offeredPages } from './pages.ts';
import { theme } from './theme.ts';

interface Choice {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly icon: IconName;
  run(): void;
}

const searchAfterMs = 120;
const most = 12;

/** Search and commands in one: pages, actions, subjects, investigations. */
export const Palette = ({ onClose, onHelp }: { readonly onClose: () => void; readonly onHelp: () => void }) => {
  const { route } = useLocation();
  const typed = useSignal('');
  const found = useSignal<readonly Found[]>([]);
  const chosen = useSignal(0);
  const list = useRef<HTMLDivElement>(null);
  const words = typed.value.trim().toLowerCase();

  useEffect(() => {
    if (words === '') {
      found.value = [];
      return;
    }
    const gone = new AbortController();
    const timer = setTimeout(() => {
      get<{ found: Found[] }>('/api/search', { q: words }, gone.signal).then(
        (answer) => {
          found.value = answer.found;
        },
        () => {},
      );
    }, searchAfterMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [words]);

  const go = (path: string) => () => {
    onClose();
    route(path);
  };
  const standing: Choice[] = [
    ...offeredPages()
      .filter(({ group }) => group)
      .map((page) => ({
        key: page.path,
        title: page.title,
        about: page.about ?? '',
        icon: page.icon ?? ('search' as const),
        run: go(page.path),
      })),
    {
      key: 'theme',
      title: theme.value === 'dark' ? 'Light theme' : 'Dark theme',
      about: 'Change the colours',
      icon: 'policy',
      run: () => {
        theme.value = theme.value === 'dark' ? 'light' : 'dark';
        onClose();
      },
    },
    { key: 'keys', title: 'Keyboard', about: 'What the keys do', icon: 'behaviour', run: onHelp },
  ];
  const choices: Choice[] = [
    ...standing.filter(({ title, about }) =>
      words.split(/\s+/).every((word) => `${title} ${about}`.toLowerCase().includes(word)),
    ),
    ...found.value.map((one) => ({
      key: one.path,
      title: one.title,
      about: one.about,
      icon: one.kind,
      run: go(one.path),
    })),
  ].slice(0, most);
  const at = Math.min(chosen.value, Math.max(0, choices.length - 1));

  const keydown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && choices.length > 0) chosen.value = (at + step + choices.length) % choices.length;
    else if (event.key === 'Enter') choices[at]?.run();
    else return;
    event.preventDefault();
    list.current?.children[chosen.value]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Modal label="Search" className="palette" onClose={onClose}>
      <input
        role="combobox"
        placeholder="Search subjects, pages, actions"
        aria-label="Search subjects, pages, actions"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={choices.length > 0 ? `choice-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        maxLength={256}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={keydown}
      />
      <div id="palette-list" class="choices" ref={list} role="listbox" aria-label="Found">
        {choices.map((choice, index) => (
          <div
            key={choice.key}
            id={`choice-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={choice.run}
            onPointerMove={() => {
              chosen.value = index;
            }}
            onKeyDown={keydown}
          >
            <Icon name={choice.icon} />
            <span class="choice-title">{choice.title}</span>
            <span class="choice-about">{choice.about}</span>
          </div>
        ))}
      </div>
      {choices.length === 0 && <p class="palette-none">Nothing is called that.</p>}
    </Modal>
  );
};
