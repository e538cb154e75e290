import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../infra/config/load.ts';
import { packageRoot } from '../infra/paths.ts';
import { pages as readPages } from './docs/blocks.ts';

const root = packageRoot();
const pages = readPages();

/** Anchors as GitHub makes them of headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );

test('every link to the web is an address by HTTPS, or of this machine, and a comparison names its sources', () => {
  for (const { name, text } of pages)
    for (const [, target] of text.matchAll(/\]\(([a-z]+:[^)]*)\)/g)) {
      assert.ok(URL.canParse(target!), `${name} links to ${target}`);
      const { protocol, hostname } = new URL(target!);
      const local = ['localhost', '127.0.0.1'].includes(hostname);
      assert.ok(protocol === 'https:' || protocol === 'mailto:' || local, `${name} links to ${target}`);
    }
  const comparison = readFileSync(join(root, 'docs/comparison.md'), 'utf8');
  for (const section of comparison.split(/^## /m).slice(1)) {
    const [title] = section.split('\n');
    if (/^Vault|^When/.test(title!)) continue;
    assert.match(section, /\]\(https:\/\//, `${title} names a source`);
  }
});

test('every relative link of a document leads to a file, and to a heading where it names one', () => {
  let links = 0;
  for (const { name, text } of pages)
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      links++;
      const [path, anchor] = target!.split('#') as [string, string?];
      const file = path === '' ? join(root, name) : join(root, dirname(name), path);
      assert.ok(existsSync(file), `${name} links to ${target}, which is not there`);
      if (anchor && file.endsWith('.md'))
        assert.ok(
          anchorsOf(readFileSync(file, 'utf8')).has(anchor),
          `${name} links to ${target}, which has no heading`,
        );
    }
  assert.ok(links > 10, `${links} links`);
});

test('every configuration in a document is one that Ebbtide takes', () => {
  let checked = 0;
  for (const { name, text } of pages)
    for (const [, yaml] of text.matchAll(/```yaml\n([\s\S]*?)```/g)) {
      assert.doesNotThrow(() => parseConfig(yaml!), `${name}:\n${yaml}`);
      checked++;
    }
  assert.ok(checked > 0);
});

test('every command of this package that a document names is one that there is', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const { name, text } of pages)
    for (const [, script] of text.matchAll(/\bnpm run ([a-z:]+)/g))
      assert.ok(script! in scripts, `${name} names npm run ${script}`);
});

test('every file that a document names in code is there', () => {
  for (const { name, text } of pages)
    for (const [, path] of text.matchAll(/`((?:infra|models|operators|pipelines|schemas|test)\/[\w./-]*)`/g))
      assert.ok(existsSync(join(root, path!)), `${relative(root, join(root, name))} names ${path}, which is not there`);
});

test('the map of the tree names every folder in which somebody may look for a file', () => {
  const map = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const foldersIn = (place: string): readonly string[] =>
    readdirSync(join(root, place), { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
  const places = ['infra', 'infra/agents', 'infra/console', 'infra/console/page', 'infra/console/page/pages'];
  for (const place of [...places, 'infra/cli', 'infra/services', 'models', 'deploy'])
    for (const folder of foldersIn(place))
      assert.match(map, new RegExp(`[\`/]${folder}[/\`]`), `docs/architecture.md does not name ${place}/${folder}`);
});
