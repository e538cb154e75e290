import { useSignal } from '@preact/signals';
import { announce, post } from '../api.ts';
import { ask, type Question } from '../dialog.ts';
import { connection, control } from '../live.ts';
import { may, me } from '../me.ts';
import { Account } from './account.tsx';
import { Icon } from './icon.tsx';
import { say } from './toast.tsx';

const connectionWords = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
  refused: 'Session ended',
} as const;

const modeQuestions: Record<'shadow' | 'enforce', Question> = {
  enforce: {
    title: 'Enforce decisions?',
    text: 'Decisions will be carried out in Vault from now on.',
    confirm: 'Enforce',
  },
  shadow: {
    title: 'Go back to shadow mode?',
    text: 'Decisions will only be recorded. What has been done to credentials stays.',
    confirm: 'Only record',
  },
};
const switchQuestion = (on: boolean): Question =>
  on
    ? {
        title: 'Stop every action?',
        text: 'No credential will be extended, shortened or revoked until the switch is taken back. Decisions go on being recorded.',
        confirm: 'Stop all actions',
        grave: true,
      }
    : { title: 'Let actions go on?', text: 'Decisions will again be carried out as the mode says.', confirm: 'Go on' };

/** The band at the top of every page: how it stands with the server, search, the mode, and the switch that stops every action. */
export const Topbar = ({
  onSearch,
  onMenu,
  menuOpen,
}: {
  readonly onSearch: () => void;
  readonly onMenu: () => void;
  readonly menuOpen: boolean;
}) => {
  const failure = useSignal('');
  const { mode, killSwitch, killSwitchReason } = control.value;
  const attempt = async (question: Question, path: string, body: object, done: string): Promise<void> => {
    const reason = await ask(question);
    if (reason === null) return;
    failure.value = '';
    try {
      const { approval } = await post<{ approval?: object }>(path, { ...body, reason });
      if (approval) say('It waits until another person has approved it');
      else announce(done);
    } catch (error) {
      failure.value = (error as Error).message;
    }
  };
  return (
    <header class="topbar">
      <div class="topbar-row">
        <button type="button" class="menu-button" aria-expanded={menuOpen} aria-controls="rail" onClick={onMenu}>
          <Icon name="menu" />
          <span class="hidden">Pages</span>
        </button>
        <p class="connection" role="status" data-state={connection.value}>
          {connectionWords[connection.value]}
          {connection.value === 'refused' && me.value?.how !== 'oidc' && ': open the link in the terminal'}
        </p>
        <button type="button" class="search-button" onClick={onSearch} aria-keyshortcuts="/" aria-label="Search">
          <Icon name="search" />
          <span class="search-word">Search</span>
          <kbd>/</kbd>
        </button>
        <div class="controls">
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as one line of buttons */}
          <div class="segmented" role="group" aria-label="Mode">
            {(['shadow', 'enforce'] as const).map((one) => (
              <button
                key={one}
                type="button"
                data-mode={one}
                disabled={!may('operator')}
                aria-pressed={mode === one}
                onClick={() =>
                  one !== mode &&
                  void attempt(modeQuestions[one], '/api/control/mode', { mode: one }, `Mode set to ${one}`)
                }
              >
                {one === 'shadow' ? 'Shadow' : 'Enforce'}
              </button>
            ))}
          </div>
          <button
            type="button"
            class="kill"
            disabled={!may('operator')}
            aria-pressed={killSwitch}
            onClick={() =>
              void attempt(
                switchQuestion(!killSwitch),
                '/api/control/kill-switch',
                { on: !killSwitch },
                killSwitch ? 'Actions go on' : 'All actions stopped',
              )
            }
          >
            {killSwitch ? 'Actions stopped' : 'Kill switch'}
          </button>
          <Account />
        </div>
      </div>
      {(killSwitch || failure.value) && (
        <p class="banner" role="alert">
          {failure.value || `Kill switch on: no credential is changed. ${killSwitchReason}`}
        </p>
      )}
    </header>
  );
};
