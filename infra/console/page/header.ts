import { announce, post } from './api.ts';
import { ask } from './dialog.ts';
import { byId, h, setAttribute, setText, svg } from './dom.ts';
import { number } from './format.ts';
import type { Store } from './store.ts';

const connectionWords = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
  refused: 'Session ended: open the link in the terminal',
} as const;

const emblem = (): SVGElement =>
  svg(
    'svg',
    { viewBox: '0 0 44 28', class: 'emblem', 'aria-hidden': 'true', focusable: 'false' },
    svg('circle', { cx: 32, cy: 8, r: 4.5, class: 'emblem-sun' }),
    svg('path', { d: 'M1 17c5-5 10-5 14-1.200s9 3.800 14 0 9-3 14 .5', class: 'emblem-wave' }),
    svg('path', { d: 'M1 24c5-4 10-4 14-1s9 3 14 0 9-2.400 14 .4', class: 'emblem-wave deep' }),
  );

const figure = (name: string, title: string): { element: HTMLElement; value: HTMLElement } => {
  const value = h('dd', {}, '–');
  return { element: h('div', { class: 'figure', title }, h('dt', {}, name), value), value };
};

/** The band at the top: what runs, how fast, in which mode, and the switch that stops every action. */
export const addHeader = (store: Store): void => {
  const connection = h('p', { class: 'connection', role: 'status' });
  const figures = {
    credentials: figure('alive', 'Credentials alive in the register'),
    samplesPerS: figure('samples/s', 'Samples scored a second'),
    windowsPerS: figure('windows/s', 'Windows scored a second'),
    decisions: figure('decisions', 'Decisions since the console began'),
  };
  const parts = h('ul', { class: 'parts', 'aria-label': 'What runs here' });
  const modes = (['shadow', 'enforce'] as const).map((mode) =>
    h(
      'button',
      { type: 'button', 'aria-pressed': 'false', 'data-mode': mode, onclick: () => void changeMode(mode) },
      mode === 'shadow' ? 'Shadow' : 'Enforce',
    ),
  );
  const killSwitch = h('button', { type: 'button', class: 'kill', onclick: () => void throwSwitch() });
  const banner = h('p', { class: 'banner', role: 'alert', hidden: true });

  const attempt = async (doing: Promise<void>, done: string): Promise<void> => {
    try {
      await doing;
      announce(done);
    } catch (error) {
      announce((error as Error).message);
      setText(banner, (error as Error).message);
      banner.hidden = false;
    }
  };
  const changeMode = async (mode: 'shadow' | 'enforce'): Promise<void> => {
    if (mode === store.view.control.mode) return;
    const text =
      mode === 'enforce'
        ? 'Decisions will be carried out in Vault from now on.'
        : 'Decisions will only be recorded. What has been done to credentials stays.';
    const reason = await ask({
      title: mode === 'enforce' ? 'Enforce decisions?' : 'Go back to shadow mode?',
      text,
      confirm: mode === 'enforce' ? 'Enforce' : 'Only record',
    });
    if (reason !== null) await attempt(post('/api/control/mode', { mode, reason }), `Mode set to ${mode}`);
  };
  const throwSwitch = async (): Promise<void> => {
    const on = !store.view.control.killSwitch;
    const question = on
      ? {
          title: 'Stop every action?',
          text: 'No credential will be extended, shortened or revoked until the switch is taken back. Decisions go on being recorded.',
          confirm: 'Stop all actions',
          grave: true,
        }
      : {
          title: 'Let actions go on?',
          text: 'Decisions will again be carried out as the mode says.',
          confirm: 'Go on',
        };
    const reason = await ask(question);
    if (reason !== null)
      await attempt(post('/api/control/kill-switch', { on, reason }), on ? 'All actions stopped' : 'Actions go on');
  };

  byId('header').append(
    h(
      'div',
      { class: 'header-row' },
      h('div', { class: 'brand' }, emblem(), h('span', { class: 'brand-name' }, 'Ebbtide')),
      connection,
      h('dl', { class: 'figures' }, ...Object.values(figures).map(({ element }) => element)),
    ),
    h(
      'div',
      { class: 'header-row second' },
      parts,
      h(
        'div',
        { class: 'controls' },
        h('div', { class: 'segmented', role: 'group', 'aria-label': 'Mode' }, ...modes),
        killSwitch,
      ),
    ),
    banner,
  );

  const showConnection = (): void => {
    setText(connection, connectionWords[store.connection]);
    setAttribute(connection, 'data-state', store.connection);
  };
  const showControl = (): void => {
    const { mode, killSwitch: on, killSwitchReason } = store.view.control;
    for (const button of modes) setAttribute(button, 'aria-pressed', String(button.dataset.mode === mode));
    setText(killSwitch, on ? 'Actions stopped' : 'Kill switch');
    setAttribute(killSwitch, 'aria-pressed', String(on));
    banner.hidden = !on;
    if (on) setText(banner, `Kill switch on: no credential is changed. ${killSwitchReason}`);
  };
  const showStatus = (): void => {
    const { status } = store.view;
    for (const name of ['credentials', 'samplesPerS', 'windowsPerS', 'decisions'] as const)
      setText(figures[name].value, number(status[name]));
    const shown = status.parts.map(({ name, ready, detail }) => {
      const item = h('li', { class: ready ? 'part' : 'part unready', title: detail }, name);
      item.append(h('span', { class: 'hidden' }, ready ? ' ready' : ` not ready: ${detail}`));
      return item;
    });
    if (parts.textContent !== shown.map(({ textContent }) => textContent).join('')) parts.replaceChildren(...shown);
  };
  store.on('connection', showConnection);
  store.on('control', showControl);
  store.on('status', showStatus);
  for (const show of [showConnection, showControl, showStatus]) show();
};
