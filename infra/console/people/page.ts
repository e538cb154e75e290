import type { PeopleConfig } from './config.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => escapes[found]!);

/** A path within the console; anything else becomes `/`, so that nobody is sent elsewhere. */
export const pathWithin = (to: string | undefined): string => {
  if (to === undefined || to.length > 2_048 || !URL.canParse(to, 'http://console.invalid')) return '/';
  const url = new URL(to, 'http://console.invalid');
  return url.origin === 'http://console.invalid' && !url.pathname.startsWith('/auth/')
    ? url.pathname.replace(/^\/+/, '/') + url.search
    : '/';
};

/** A page of its own before anybody is let in. `text` and `title` are plain text. */
export const plainPage = (
  title: string,
  text: string,
  action?: { readonly to: string; readonly name: string },
  refresh?: string,
): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light"><title>${escaped(title)} · Ebbtide</title>
${refresh === undefined ? '' : `<meta http-equiv="refresh" content="0;url=${escaped(refresh)}">\n`}<link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css"></head>
<body class="door"><main class="door-main"><p class="door-brand" aria-hidden="true"><img src="/favicon.svg" alt="" width="40" height="40">Ebbtide</p>
<h1>${escaped(title)}</h1><p>${escaped(text)}</p>
${action ? `<p><a class="door-action" href="${escaped(action.to)}">${escaped(action.name)}</a></p>` : ''}</main></body></html>`;

/** The page that asks for itself once more, as a request of its own site. */
export const reload = (url: string): string =>
  plainPage('One moment', 'Opening the console.', undefined, pathWithin(url));

/** What somebody sees whom nobody let in yet. */
export const doorPage = (access: PeopleConfig['access'], url: string): string => {
  if (access === 'oidc')
    return plainPage('Sign in', 'Your organisation knows you: sign in there, and come back here.', {
      to: `/auth/sign-in?to=${encodeURIComponent(pathWithin(url))}`,
      name: 'Sign in',
    });
  if (access === 'proxy')
    return plainPage(
      'Nobody was let in',
      'The proxy in front of this console has named nobody who may enter. Sign in there, or ask an administrator for a role.',
    );
  return plainPage(
    'Open the link that Ebbtide printed',
    'This console opens with the address that Ebbtide printed when it started, once for each browser. If it has been used, the terminal shows the next one.',
  );
};
