import { addressOf, outline } from './outline.ts';
import type { Rendered } from './render.ts';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * A page of the site.
 *
 * @param up - path from the page to the site's root, such as `../`
 */
export const pageOf = (page: string, rendered: Rendered, titles: ReadonlyMap<string, string>, up: string): string => {
  const order = outline.flatMap(([, pages]) => pages);
  const at = order.indexOf(page);
  const link = (to: string | undefined, rel: string) =>
    to === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${up}${addressOf(to)}">${escaped(titles.get(to) ?? to)}</a>`;
  const groups = outline
    .map(
      ([group, pages]) =>
        `<h2>${group}</h2><ul>${pages
          .map(
            (one) =>
              `<li><a href="${up}${addressOf(one)}"${one === page ? ' aria-current="page"' : ''}>${escaped(titles.get(one) ?? one)}</a></li>`,
          )
          .join('')}</ul>`,
    )
    .join('\n');
  const here = rendered.sections
    .filter(({ level }) => level === 2)
    .map(({ title, anchor }) => `<li><a href="#${anchor}">${escaped(title)}</a></li>`)
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(rendered.title)}${page === 'README.md' ? '' : ' · Ebbtide'}</title>
<link rel="stylesheet" href="${up}style.css">
</head>
<body data-up="${up}">
<a class="skip" href="#content">To the content</a>
<header>
<a class="name" href="${up}index.html">Ebbtide</a>
<label class="search"><span class="hidden">Search</span><input type="search" id="search" placeholder="Search  /" autocomplete="off" aria-controls="found"></label>
<ol id="found" class="found" aria-live="polite"></ol>
</header>
<div class="columns">
<details class="pages" open><summary>Pages</summary><nav aria-label="Pages">${groups}</nav></details>
<main id="content">
${rendered.html}
<footer>${link(order[at - 1], 'prev')}${link(order[at + 1], 'next')}</footer>
</main>
<nav class="here" aria-label="On this page">${here === '' ? '' : `<h2>On this page</h2><ul>${here}</ul>`}</nav>
</div>
<script src="${up}minisearch.js"></script>
<script src="${up}site.js"></script>
</body>
</html>
`;
};
