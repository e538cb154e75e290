import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunningServers } from '../../infra/cli/running.ts';
import { packageRoot } from '../../infra/paths.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { requireOrSkip } from '../services/require.ts';
import { elsewhere } from './commands/elsewhere.ts';
import { pastSql, writePast } from './commands/history.ts';
import { type Expected, expectedOf, type Scenario, type Stack, type Stage } from './commands/scenario.ts';
import { lastScenarios, scenarios } from './commands/scenarios.ts';
import { openShell, type Shell } from './shell.ts';
import { documentedStatements, statementsOf } from './statements.ts';

/** Others on this machine may have the usual ones. */
const anyPorts = `http: { port: 0 }
token: { port: 0 }
gateway: { port: 0, grpcPort: 0 }
delivery: { port: 0 }
keyhost: { port: 0 }
console: { port: 0 }
`;

const stackConfig = `provision:
  targets:
    web-*:
      method: sshCertificate
`;

test('statementsOf keeps pipes and quotes together, joins lines that go on, and drops comments', () => {
  assert.deepEqual(
    statementsOf(`ebbtide query "SELECT 1 # 2" | head -1  # why\n# alone\nnpm test && a \\\n  b\ncurl -d '{\n1}'\n`),
    ['ebbtide query "SELECT 1 # 2" | head -1', 'npm test && a b', "curl -d '{\n1}'"],
  );
});

test('every command of a document is run here, or by a test that is named, or cannot be run for a stated reason', async () => {
  const known = [
    ...[...scenarios, ...lastScenarios].flatMap(({ commands }) => Object.keys(commands)),
    ...Object.keys(elsewhere),
  ];
  assert.deepEqual(
    known.filter((text, at) => known.indexOf(text) !== at),
    [],
    'each command is run once',
  );
  const documented = await documentedStatements();
  const missing = documented.filter(({ text }) => !known.includes(text));
  assert.deepEqual(missing, [], 'documents have commands that no test runs');
  const texts = new Set(documented.map(({ text }) => text));
  assert.deepEqual(
    known.filter((text) => !texts.has(text)),
    [],
    'no document has these commands any more',
  );
});

test('what is said to be run elsewhere is run there', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [command, one] of Object.entries(elsewhere)) {
    if ('why' in one) continue;
    // What measures on whole data sets is no part of "npm test"
    if (one.by.startsWith('test/evaluation/')) assert.ok(scripts['test:evaluation']!.includes(one.by), one.by);
    const text = readFileSync(join(packageRoot(), one.by), 'utf8');
    assert.ok(text.includes(one.words), `${one.by} is to run "${command}" by ${one.words}`);
  }
});

const bringUp = async (t: TestContext): Promise<Stack> => {
  // Before the folder goes, whoever writes into it has to
  let shell: Shell | undefined;
  t.after(() => shell?.close());
  const folder = temporaryFolder(t, 'ebbtide-docs-');
  const data = join(folder, '.ebbtide');
  writeFileSync(join(folder, 'ebbtide.yaml'), stackConfig + anyPorts);
  shell = await openShell(folder, { EBBTIDE_DATA: data });
  await shell.serve('ebbtide up --fresh --demo', /Ctrl-C ends it/);
  const servers = JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')) as RunningServers;
  const { rootToken } = JSON.parse(readFileSync(join(data, 'openbao', 'keys.json'), 'utf8')) as Stack;
  const records = await writePast({ servers }, Date.now());
  await until('the past in the archive', async () => {
    const { output } = await shell!.run(`ebbtide --json query "${pastSql}"`);
    return Number(/"records":"?(\d+)/.exec(output)?.[1]) >= records;
  });
  return { data, servers, rootToken };
};

/** Start a server, see that it is ready, and stop it. */
const tryServer = async (shell: Shell, statement: string, { says }: Expected): Promise<void> => {
  const served = await shell.serve(statement, says);
  const health = (/Health and metrics at (\S+)/.exec(served.said()) ??
    /"address":"(http[^"]+)"/.exec(served.said()))?.[1];
  if (health !== undefined)
    await until(`${statement} to be ready: ${served.said()}`, async () => (await fetch(`${health}/health/ready`)).ok);
  assert.equal(await served.stop(), 0, served.said());
};

const tryCommand = async (shell: Shell, statement: string, { says, status = 0, awaited }: Expected): Promise<void> => {
  let last = await shell.run(statement);
  if (awaited)
    await until(`${statement} to say ${says}: ${last.output}`, async () => {
      if (says.test(last.output)) return true;
      last = await shell.run(statement);
      return false;
    });
  assert.equal(last.status, status, `${statement}\n${last.output}`);
  assert.match(last.output, says, statement);
};

const play = async (t: TestContext, stack: Stack, scenario: Scenario): Promise<void> => {
  const { onPath } = await loadSetup<{ onPath(name: string): string | undefined }>('exec.mjs');
  const lacking = (scenario.tools ?? []).filter((name) => onPath(name) === undefined);
  const lacks = lacking.length > 0 ? lacking.join(', ') : await scenario.lacks?.();
  if (lacks !== undefined) return t.skip(`Skipped: this machine lacks ${lacks}`);
  let shell: Shell | undefined;
  t.after(() => shell?.close());
  const folder = temporaryFolder(t, 'ebbtide-docs-');
  const write = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text);
  write('ebbtide.yaml', (scenario.config ?? '') + anyPorts);
  shell = await openShell(folder, { EBBTIDE_DATA: stack.data, ...scenario.environment?.(stack) });
  const stage: Stage = { ...stack, shell, write, test: t };
  const places = (await scenario.prepare?.(stage)) ?? [];
  for (const [command, wanted] of Object.entries(scenario.commands))
    await t.test(command, async () => {
      const expected = expectedOf(wanted);
      let statement = command;
      for (const [invented, real] of places) statement = statement.replaceAll(invented, real);
      if (expected.adds !== undefined) statement += ` ${expected.adds}`;
      await (expected.serves ? tryServer : tryCommand)(stage.shell, statement, expected);
    });
};

test('commands of documents do what documents say, beside one embedded stack', { concurrency: 3 }, async (t) => {
  if (!(await requireOrSkip(t, 'openbao', 'clickhouse'))) return;
  const stack = await bringUp(t);
  const only = process.env.EBBTIDE_DOCS_SCENARIO;
  const wanted = ({ title }: Scenario) => only === undefined || only.split(',').includes(title);
  const begin = (scenario: Scenario) => t.test(scenario.title, (inner) => play(inner, stack, scenario));
  await Promise.all(scenarios.filter(wanted).map(begin));
  for (const scenario of lastScenarios.filter(wanted)) await begin(scenario);
});
