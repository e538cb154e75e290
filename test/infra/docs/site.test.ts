import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildSite } from '../../../infra/docs/site/build.ts';
import { addressOf, outline } from '../../../infra/docs/site/outline.ts';
import { render } from '../../../infra/docs/site/render.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { temporaryFolder } from '../../services/folder.ts';

test('buildSite makes a page of each document, and no link is dead', () => {
  const { files, copies, dead } = buildSite(packageRoot());
  assert.deepEqual(dead, []);
  const pages = outline.flatMap(([, group]) => group);
  assert.equal(new Set(pages.map(addressOf)).size, pages.length, 'two pages have one address');
  for (const page of pages) assert.match(files.get(addressOf(page)) ?? '', /<main id="content">\s*<h1 id=/, page);
  assert.equal(copies.get('files/docs/console.png'), 'docs/console.png');
  assert.match(files.get('guides/life.html')!, /href="\.\.\/quickstart\.html#start-it"/);
  assert.match(files.get('search-index.js')!, /"href":"security\.html#acls-for-kafka"/);
});

test('buildSite names links and headings that are not there, and pages without a place', (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'docs'));
  writeFileSync(join(root, 'README.md'), '# A\n\n[b](docs/gone.md) [c](#nowhere) [d](#a) [e](https://example.com)\n');
  assert.deepEqual(buildSite(root).dead, [
    'README.md links to docs/gone.md, which is not there',
    'README.md links to #nowhere, which has no such heading',
  ]);
  writeFileSync(join(root, 'docs/stray.md'), '# Stray\n');
  assert.throws(() => buildSite(root), /Put docs\/stray\.md into/);
});

test('render shows HTML as text, leaves comments out, and gives equal headings anchors of their own', () => {
  const { html, sections } = render(
    '<!-- no -->\n# T `a.b`\n\n## X\n\n<script>1</script>\n\n## X\n',
    (target) => target,
  );
  assert.doesNotMatch(html, /<script>|no --/);
  assert.deepEqual(
    sections.map(({ anchor }) => anchor),
    ['t-ab', 'x', 'x-1'],
  );
});
