import type { Consent } from './types.ts';

/** Version of the words below; other words ask anew. */
const text = '1';
const place = 'ebbtide.consent';

const words = {
  title: 'May we recognise you by how you type and move?',
  body: 'Timings of keys, movements, scrolling and whether this page is in front decide how long your key lives. Which keys you press, what you write and where you click never leave this page. You can change your mind at any time.',
  session: 'While I work here',
  authentication: 'Only while I sign in',
  none: 'No',
} as const;

/** What was allowed before, if these words were what was shown. */
export const rememberedConsent = (): Consent | undefined => {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? 'null') as Consent | null;
    return kept?.text === text && ['none', 'authentication', 'session'].includes(kept.level) ? kept : undefined;
  } catch {
    return undefined;
  }
};

/** Remember what is allowed from now on. */
export const keepConsent = (level: Consent['level']): Consent => {
  const consent = { level, at: Date.now(), text };
  try {
    localStorage.setItem(place, JSON.stringify(consent));
  } catch {
    // Asked again on the next page
  }
  return consent;
};

/** Nothing is allowed that was not asked for. */
export const noConsent: Consent = { level: 'none', at: 0, text };

/** Light or dark as the page around it says; browsers that do not know of that take the light colours. */
const boxStyle = `position:fixed;inset:auto 1rem 1rem auto;max-width:min(24rem,calc(100vw - 4rem));padding:1rem 1.125rem;
border-radius:.75rem;z-index:2147483647;font:15px/1.45 system-ui,sans-serif;box-shadow:0 4px 24px #0006;
background:#fbfaf7;background:light-dark(#fbfaf7,#15303c);color:#1d2733;color:light-dark(#1d2733,#e6f1f2)`;
/** All three alike: none is the one to press. */
const buttonStyle = `margin:0 .5rem .375rem 0;padding:.4rem .75rem;font:inherit;cursor:pointer;border:1px solid;border-radius:.5rem;
background:transparent;color:inherit`;

/** Ask, in a frame of its own styles; resolves with what was chosen. */
export const askConsent = (): Promise<Consent['level']> =>
  new Promise((resolve) => {
    const host = document.createElement('div');
    host.id = 'ebbtide-consent';
    const root = host.attachShadow({ mode: 'open' });
    const box = document.createElement('div');
    box.setAttribute('role', 'dialog');
    box.setAttribute('aria-label', words.title);
    box.style.cssText = boxStyle;
    const title = document.createElement('strong');
    title.textContent = words.title;
    const body = document.createElement('p');
    body.textContent = words.body;
    box.append(title, body);
    for (const level of ['session', 'authentication', 'none'] as const) {
      const button = document.createElement('button');
      button.textContent = words[level];
      button.dataset.level = level;
      button.style.cssText = buttonStyle;
      button.addEventListener('click', () => {
        host.remove();
        resolve(level);
      });
      box.append(button);
    }
    root.append(box);
    document.body.append(host);
  });
