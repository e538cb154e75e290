/** Builds the static site of the documents into `.site`, and fails on dead links. Run with `npm run site`. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { packageRoot } from '../../paths.ts';
import { addressOf, outline } from './outline.ts';
import { type Rendered, render } from './render.ts';
import { pageOf } from './template.ts';

const external = /^[a-z]+:/;

/** What building the site came to. */
export interface Site {
  /** Files by their path in the site; binary ones are copied from `copies`. */
  readonly files: ReadonlyMap<string, string>;
  /** Files of the repository that the site takes along: where from, by where to. */
  readonly copies: ReadonlyMap<string, string>;
  /** Links that lead nowhere, in words. */
  readonly dead: readonly string[];
}

/**
 * Make the site of the documents in a repository. A file that a document links to and that is no page is taken along.
 *
 * @param root - folder of the repository
 * @throws {RangeError} where a page of `docs` stands in no group of the outline
 */
export const buildSite = (root: string): Site => {
  const order = outline.flatMap(([, pages]) => pages).filter((page) => existsSync(join(root, page)));
  const forgotten = readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => `docs/${String(name)}`)
    .filter((name) => name.endsWith('.md') && !order.includes(name));
  if (forgotten.length > 0) throw new RangeError(`Put ${forgotten.join(', ')} into infra/docs/site/outline.ts`);

  const copies = new Map<string, string>();
  const dead: string[] = [];
  const anchored: { page: string; target: string; to: string; anchor: string }[] = [];
  const rendered = new Map<string, Rendered>();
  for (const page of order) {
    const resolve = (target: string): string | undefined => {
      if (external.test(target)) return target;
      const [path = '', anchor = ''] = target.split('#');
      const to = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), decodeURI(path)));
      const hash = anchor === '' ? '' : `#${anchor}`;
      const from = posix.dirname(addressOf(page));
      if (order.includes(to)) {
        if (anchor !== '') anchored.push({ page, target, to, anchor });
        return posix.relative(from, addressOf(to)) + hash;
      }
      if (!existsSync(join(root, to))) dead.push(`${page} links to ${target}, which is not there`);
      else if (posix.extname(to) !== '') copies.set(`files/${to}`, to);
      // A folder has no page of its own
      else return undefined;
      return posix.relative(from, `files/${to}`) + hash;
    };
    rendered.set(page, render(readFileSync(join(root, page), 'utf8'), resolve));
  }
  for (const { page, target, to, anchor } of anchored)
    if (!rendered.get(to)!.sections.some((section) => section.anchor === anchor))
      dead.push(`${page} links to ${target}, which has no such heading`);

  const titles = new Map(
    [...rendered].map(([page, { title }]) => [
      page,
      title.replace(/^Guide: (.)/, (_, first: string) => first.toUpperCase()),
    ]),
  );
  const files = new Map<string, string>();
  for (const [page, one] of rendered) {
    const address = addressOf(page);
    files.set(address, pageOf(page, one, titles, '../'.repeat(address.split('/').length - 1)));
  }
  const entries = [...rendered].flatMap(([page, { title, sections }]) =>
    sections.map((section, at) => ({
      id: `${page}#${at}`,
      page: title,
      title: section.title,
      text: section.text.slice(0, 4_000),
      href: addressOf(page) + (section.level === 1 ? '' : `#${section.anchor}`),
    })),
  );
  // A script and not JSON, so that the site works from a folder too
  files.set('search-index.js', `globalThis.ebbtideIndex = ${JSON.stringify(entries)};\n`);
  return { files, copies, dead };
};

/** Write a site into a folder, in place of what is there, with its style, its script and the search. */
export const writeSite = ({ files, copies }: Site, root: string, out: string): void => {
  rmSync(out, { recursive: true, force: true });
  const place = (path: string): string => {
    const whole = join(out, path);
    mkdirSync(dirname(whole), { recursive: true });
    return whole;
  };
  for (const [path, text] of files) writeFileSync(place(path), text);
  for (const [path, from] of copies) copyFileSync(join(root, from), place(path));
  for (const name of ['style.css', 'site.js']) copyFileSync(join(root, 'infra/docs/site/assets', name), place(name));
  const miniSearch = dirname(createRequire(import.meta.url).resolve('minisearch'));
  copyFileSync(join(miniSearch, '../umd/index.js'), place('minisearch.js'));
};

if (process.argv[1]?.endsWith(join('site', 'build.ts'))) {
  const root = packageRoot();
  const site = buildSite(root);
  for (const line of site.dead) console.error(line);
  if (site.dead.length > 0) process.exit(1);
  writeSite(site, root, join(root, '.site'));
  console.error(`${site.files.size} pages and files in ${join(root, '.site')}`);
}
