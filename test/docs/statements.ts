import type { Command } from 'commander';
import { createProgram } from '../../infra/cli/program.ts';
import { blocksOf, type Page, pages, runPages } from './blocks.ts';

/** A command as a document has it, and where. */
export interface Statement {
  readonly text: string;
  /** Pages that have it. */
  readonly pages: readonly string[];
}

/**
 * The commands of a script, each as it stands there: pipes and sequences in one, lines that go on joined, comments gone.
 *
 * @param script - lines for a POSIX shell, without here-documents
 */
export const statementsOf = (script: string): readonly string[] => {
  const found: string[] = [];
  let statement = '';
  let quote = '';
  const text = script.replace(/\\\n\s*/g, '');
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    const comments = quote === '' && letter === '#' && /(^|\s)$/.test(statement);
    if (comments) while (at + 1 < text.length && text[at + 1] !== '\n') at++;
    else if (quote === '' && letter === '\n') {
      found.push(statement.trim());
      statement = '';
    } else {
      if (letter === quote) quote = '';
      else if (quote === '' && `"'`.includes(letter)) quote = letter;
      statement += letter;
    }
  }
  return [...found, statement.trim()].filter((one) => one !== '');
};

/** The same command, however the package was installed, and whether or not the configuration that is taken anyway is named. */
const named = (text: string): string =>
  text.replace(/^npx (?=ebbtide )/, '').replace(/(?<=\bebbtide .*) --config ebbtide\.yaml(?= |$)/, '');

/** Code in running text; what a line breaks is joined. */
const inlineOf = ({ text }: Page): readonly string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`((?:npx )?ebbtide [^`]+)`/g)].map(([, code]) =>
    code!.replace(/\s+/g, ' '),
  );

/** Examples of the command line's own help. */
const examplesOf = (page: Page): readonly string[] =>
  blocksOf(page, 'text').flatMap((block) =>
    [...block.matchAll(/^Examples?:\n((?: {2}.*\n)+)/gm)].flatMap(([, lines]) =>
      statementsOf(lines!.replace(/^ {2}/gm, '')),
    ),
  );

/** Commands that a comment in a configuration tells to run. */
const commentsOf = (page: Page): readonly string[] =>
  ['yaml', 'text']
    .flatMap((language) => blocksOf(page, language))
    .flatMap((block) => [...block.matchAll(/# (.*\| ebbtide .*)$/gm)].map(([, text]) => text!));

/** The real command line, whose actions do nothing and whose errors are thrown. */
const parser = (): Command => {
  const program = createProgram();
  const still = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(still);
  };
  still(program);
  return program;
};

/** Why the command line would not take these arguments, or undefined. */
export const whyRefused = async (args: readonly string[]): Promise<string | undefined> =>
  parser()
    .parseAsync(args, { from: 'user' })
    .then(
      () => undefined,
      (error: Error & { exitCode?: number }) => (error.exitCode === 0 ? undefined : error.message),
    );

/** Whether code in running text names a command rather than being one: `ebbtide query`, say, which lacks its statement. */
const isName = async (code: string): Promise<boolean> => {
  const words = code.split(' ').slice(1);
  let command: Command | undefined = createProgram();
  for (const word of words) {
    if (word.startsWith('-')) break;
    command = command?.commands.find((one) => one.name() === word) ?? (command?.commands.length ? undefined : command);
  }
  return command !== undefined && /\w$/.test(code) && (await whyRefused(words)) !== undefined;
};

/** What changed once is told as it was then. */
const isHistory = ({ name }: Page): boolean => name === 'CHANGELOG.md';

/** Every command of the documents that is not run by the test of the guides, each once. */
export const documentedStatements = async (): Promise<readonly Statement[]> => {
  const found = new Map<string, Set<string>>();
  const add = (text: string, page: Page) => {
    const key = named(text);
    found.set(key, (found.get(key) ?? new Set()).add(page.name));
  };
  for (const page of pages()) {
    if (isHistory(page)) continue;
    if (!runPages.includes(page.name)) for (const one of blocksOf(page, 'sh').flatMap(statementsOf)) add(one, page);
    for (const one of [...examplesOf(page), ...commentsOf(page)]) add(one, page);
    for (const code of inlineOf(page).map(named)) if (!(await isName(code))) add(code, page);
  }
  return [...found].map(([text, names]) => ({ text, pages: [...names] }));
};

/**
 * A command that another test runs because its servers are there, word for word.
 *
 * @throws {Error} when no document has it any more
 */
export const documented = async (text: string): Promise<string> => {
  if ((await documentedStatements()).some((one) => one.text === text)) return text;
  throw new Error(`No document tells to run ${JSON.stringify(text)}`);
};
