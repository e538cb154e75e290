import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, CommanderError } from 'commander';
import { createProgram } from '../../infra/cli/program.ts';
import { blocksOf, commandsOf, pages, runPages } from './blocks.ts';

/** Why a command that is not Ebbtide's is not run here; tests of deployments run what they can have. */
const elsewhere: Readonly<Record<string, string>> = {
  npm: 'installs and builds; CI runs its scripts, and test/docs.test.ts compares their names',
  npx: 'tools of development, which CI runs',
  node: 'sets up what CI has set up',
  docker: 'needs Docker; compose.yaml is run by test/deploy',
  kubectl: 'needs a cluster; the chart is rendered and checked by test/deploy',
  helm: 'needs a cluster; the chart is rendered and checked by test/deploy',
  install: 'writes to the system; units are checked by test/deploy',
  systemctl: 'needs systemd',
  'systemd-sysusers': 'needs systemd',
  bao: "needs the user's own OpenBao; guides do the same by curl, which is run",
  curl: "asks the user's own servers; guides ask the embedded ones, which is run",
  sh: 'sets rules at a Kafka of the user’s own; test/infra/kafka/acls.test.ts runs such a script at a real one',
  'kafka-acls.sh': 'Kafka’s own; test/infra/kafka/acls.test.ts runs it, and what is made of its list',
  'kafka-consumer-groups.sh': 'Kafka’s own; test/faults/disaster.test.ts runs it',
  jq: 'reads an answer of the key host; test/infra/services/keyhost/kinds.test.ts asks for the same',
  'ssh-keygen': 'makes a revocation list; test/infra/services/keyhost/kinds.test.ts makes one of such an answer',
  export: 'names what is the user’s own',
  openssl: 'makes random secrets for a cluster of the user’s own',
  base64: 'reads the authority out of the user’s own kubeconfig',
  cd: 'goes to a folder of the user’s own',
};

/** The real command line, whose actions do nothing and whose errors are thrown. */
const parser = (): Command => {
  const program = createProgram();
  const still = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    for (const inner of command.commands) still(inner);
  };
  still(program);
  return program;
};

/** Placeholders in capitals or angle brackets stand for what the command takes there. */
const filled = (word: string): string => (/^<.*>$/.test(word) ? 'x' : word);

test('commandsOf takes quotes, comments and pipes apart', () => {
  assert.deepEqual(commandsOf('ebbtide query "SELECT 1 | 2" | head -1  # why\nnpm test && a \\\n b\n'), [
    ['ebbtide', 'query', 'SELECT 1 | 2'],
    ['head', '-1'],
    ['npm', 'test'],
    ['a', 'b'],
  ]);
});

test('every command of a document is one that the command line takes, or not ours for a stated reason', async () => {
  let parsed = 0;
  for (const page of pages()) {
    if (runPages.includes(page.name)) continue;
    for (const block of blocksOf(page, 'sh'))
      for (const words of commandsOf(block)) {
        const [first = '', ...rest] = words.filter((word) => !/^[A-Z_]+=/.test(word));
        const args = first === 'npx' && rest[0] === 'ebbtide' ? rest.slice(1) : rest;
        if (first !== 'ebbtide' && args === rest) {
          assert.ok(
            first === '' || first in elsewhere,
            `${page.name}: "${words.join(' ')}" is neither run nor excused`,
          );
          continue;
        }
        const redirected = args.indexOf('>');
        try {
          await parser().parseAsync((redirected < 0 ? args : args.slice(0, redirected)).map(filled), { from: 'user' });
        } catch (error) {
          const fine = error instanceof CommanderError && error.exitCode === 0;
          assert.ok(fine, `${page.name}: "${words.join(' ')}": ${(error as Error).message}`);
        }
        parsed++;
      }
  }
  assert.ok(parsed > 60, `${parsed} commands`);
});

test('of those reasons each is needed', () => {
  const used = new Set(
    pages()
      .filter(({ name }) => !runPages.includes(name))
      .flatMap((page) => blocksOf(page, 'sh'))
      .flatMap(commandsOf)
      .map((words) => words.find((word) => !/^[A-Z_]+=/.test(word)) ?? ''),
  );
  assert.deepEqual(
    Object.keys(elsewhere).filter((name) => !used.has(name)),
    [],
  );
});
