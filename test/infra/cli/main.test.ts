import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

test('ebbtide without arguments prints its help', async () => {
  const { status, stdout } = await ebbtide([]);
  assert.equal(status, exitCodes.ok);
  for (const command of [
    'up',
    'run',
    'serve',
    'agent',
    'train',
    'models',
    'query',
    'credentials',
    'label',
    'control',
    'doctor',
  ])
    assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
});

test('ebbtide --version prints the version alone', async () => {
  const { status, stdout } = await ebbtide(['--version']);
  assert.equal(status, exitCodes.ok);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('ebbtide ends with 2 for a wrong command, option or argument', async () => {
  for (const args of [
    ['nonsense'],
    ['up', '--nonsense'],
    ['run'],
    ['run', 'nonsense'],
    ['control', 'mode', 'off'],
    ['query', 'SELECT 1', '--timeout', 'x'],
  ]) {
    const { status, stderr, stdout } = await ebbtide(args);
    assert.equal(status, exitCodes.usage, args.join(' '));
    assert.match(stderr, /error: /, args.join(' '));
    assert.equal(stdout, '');
  }
});

test('ebbtide ends with 2 for a wrong configuration, and says where', async (t) => {
  const file = join(temporaryFolder(t), 'ebbtide.yaml');
  writeFileSync(file, 'kafka:\n  broker: x\n');
  const { status, stderr } = await ebbtide(['config', 'check', '--config', file]);
  assert.equal(status, exitCodes.usage);
  assert.match(stderr, /ebbtide\.yaml:2:3: kafka\.broker .*did you mean brokers\?/);
  assert.equal((await ebbtide(['config', 'check'], { EBBTIDE_CONFIG: '/nowhere/e.yaml' })).status, exitCodes.usage);
});

test('ebbtide ends with 3 when what is needed does not run', async (t) => {
  const environment = { EBBTIDE_DATA: temporaryFolder(t) };
  const { status, stderr } = await ebbtide(['credentials', 'list'], environment);
  assert.equal(status, exitCodes.unreachable);
  assert.match(stderr, /start "ebbtide up" first, or name a server at kafka\.brokers/);
  assert.equal((await ebbtide(['query', 'SELECT 1'], environment)).status, exitCodes.unreachable);
});

test('ebbtide config check prints the configuration in force, without secrets', async (t) => {
  const file = join(temporaryFolder(t), 'ebbtide.yaml');
  writeFileSync(file, 'clickhouse:\n  password: $' + '{ENV:CH}\n');
  const { status, stdout } = await ebbtide(['config', 'check', '--json', '-c', file], { CH: 'hunter2' });
  assert.equal(status, exitCodes.ok);
  assert.equal(JSON.parse(stdout).clickhouse.password, '[hidden]');
  assert.ok(!stdout.includes('hunter2'));
});

test('ebbtide doctor --json says what is there, as one object', async (t) => {
  const { status, stdout } = await ebbtide(['doctor', '--json'], { EBBTIDE_DATA: temporaryFolder(t) });
  const { findings, ready, runtime } = JSON.parse(stdout) as {
    findings: { name: string; status: string; found: string }[];
    ready: boolean;
    runtime: string;
  };
  assert.equal(status, ready ? exitCodes.ok : exitCodes.failed);
  assert.equal(runtime, 'onnx');
  const found = new Map(findings.map((finding) => [finding.name, finding]));
  for (const name of ['node', 'openbao', 'kafka-javascript', 'onnxruntime', 'chdb'])
    assert.equal(found.get(name)?.status, 'ok', name);
  assert.match(found.get('kafka-javascript')?.found ?? '', /librdkafka 2\./);
  assert.equal(found.get('Vault')?.status, 'absent');
});

test('ebbtide doctor tells of a configured server that does not answer', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'ebbtide.yaml');
  writeFileSync(file, 'clickhouse:\n  url: http://127.0.0.1:9\n');
  const { status, stdout } = await ebbtide(['doctor', '--config', file], { EBBTIDE_DATA: folder });
  assert.equal(status, exitCodes.failed);
  assert.match(stdout, /✗ ClickHouse +http:\/\/127\.0\.0\.1:9 does not answer/);
  assert.match(stdout, /Missing: .*ClickHouse/);
});

test('ebbtide prints colour only where it may', async (t) => {
  const environment = { EBBTIDE_DATA: temporaryFolder(t) };
  const escapeCode = String.fromCharCode(27);
  assert.ok(!(await ebbtide(['doctor'], environment)).stdout.includes(escapeCode));
  assert.ok((await ebbtide(['doctor'], { ...environment, FORCE_COLOR: '1' })).stdout.includes(escapeCode));
  assert.ok(
    !(await ebbtide(['doctor'], { ...environment, FORCE_COLOR: '1', NO_COLOR: '1' })).stdout.includes(escapeCode),
  );
});
