import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../infra/paths.ts';

/** A document of ours. */
export interface Page {
  /** Its path from the root of the repository. */
  readonly name: string;
  readonly text: string;
}

/** Every document that people read. */
export const pages = (): readonly Page[] =>
  [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'examples/night-watch/README.md',
    'test/bench/README.md',
    ...readdirSync(join(packageRoot(), 'docs'), { recursive: true }).map((name) => `docs/${String(name)}`),
  ]
    .filter((name) => name.endsWith('.md') && existsSync(join(packageRoot(), name)))
    .map((name) => ({ name, text: readFileSync(join(packageRoot(), name), 'utf8') }));

/** The fenced blocks of a language. */
export const blocksOf = ({ text }: Page, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) => block!);

/** Pages whose blocks are run, in this order, beside one embedded stack. */
export const runPages = ['quickstart', 'guides/life', 'guides/scope', 'guides/readiness', 'guides/keys'].map(
  (name) => `docs/${name}.md`,
);
