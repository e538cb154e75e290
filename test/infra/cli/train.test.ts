import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { keysOf, timingNames } from '../../../models/biometric/keystrokes.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { inventedTyping } from '../../models/biometric/people.ts';
import { inventedSamples } from '../../models/training/telemetry/support.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide, startEbbtide } from './ebbtide.ts';

test('ebbtide train says what is wrong with what it is given', async (t) => {
  const folder = temporaryFolder(t);
  const environment = { EBBTIDE_DATA: folder };
  const file = join(folder, 'x.csv');
  writeFileSync(file, 'subject,time,cpuCores\na,2026-03-01T00:00:00Z,much\n');
  const train = async (...args: string[]) => ebbtide(['train', 'anomaly', '--backend', 'wasm', ...args], environment);
  const malformed = await train('--from', `file=${file}`);
  assert.equal(malformed.status, exitCodes.failed);
  assert.match(malformed.stderr, /x\.csv, line 2, column cpuCores: "much" is not a number/);
  assert.match((await train('--resume')).stderr, /no training to resume/);
  const access = async (...args: string[]) => ebbtide(['train', 'access', '--backend', 'wasm', ...args], environment);
  assert.match((await access()).stderr, /No accesses ship with Ebbtide.*--from archive or --from file=PATH/s);
  writeFileSync(file, 'user,time\nada,soon\n');
  assert.match((await access('--from', `file=${file}`)).stderr, /x\.csv, line 2, column time: "soon" is neither/);
  writeFileSync(file, 'user,time\nada,2026-03-01T00:00:00Z\n');
  assert.match((await access('--from', `file=${file}`)).stderr, /none was active in 20 hours; take a longer range/);
  const zone = await access('--from', `file=${file}`, '--zone', 'Mars/Olympus');
  assert.match(zone.stderr, /Time zone Mars\/Olympus is not known/);
  const range = await train('--from', 'archive', '--since', '1d', '--until', '2d');
  assert.equal(range.status, exitCodes.usage);
  assert.match(range.stderr, /--since must lie before --until/);
});

test('ebbtide train keeps what it has done when it is interrupted, and --resume goes on', async (t) => {
  const folder = temporaryFolder(t);
  const environment = { EBBTIDE_DATA: folder };
  const file = join(folder, 'telemetry.csv');
  const rows = inventedSamples(6, 700).map(({ subject, time, values }) => [subject, time, ...values].join(','));
  writeFileSync(file, `${[['subject', 'time', ...resourceMetrics].join(','), ...rows].join('\n')}\n`);
  const args = [
    'train',
    'anomaly',
    '--from',
    `file=${file}`,
    '--window',
    '1s',
    '--backend',
    'wasm',
    '--epochs',
    '1000',
  ];
  const interrupted = async (given: readonly string[]) => {
    const child = startEbbtide(given, environment);
    let said = '';
    let asked = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (asked || !/Training: \d+ of 50000/.test(said)) return;
      // A second one would end it at once
      asked = true;
      child.kill('SIGINT');
    });
    const [status] = await once(child, 'close');
    return { status, said };
  };
  const { status, said } = await interrupted(args);
  assert.equal(status, exitCodes.interrupted, said);
  assert.match(said, /Trains on wasm/);
  assert.match(said, /Telemetry: train \d+ windows of \d subjects; validation/);
  assert.match(said, /loss -?\d+\.\d+, .* left/);
  assert.match(said, /"--resume" .*goes on with it/);
  const checkpoint = join(folder, 'models', 'anomaly.checkpoint');
  const header = JSON.parse(readFileSync(checkpoint, 'latin1').split('\n', 1)[0]!);
  assert.equal(header.request.from.path, file);

  const { said: told } = await interrupted(['train', 'anomaly', '--resume']);
  assert.match(told, /Goes on training the anomaly model with seed 1/);
  assert.ok(existsSync(checkpoint));
  assert.ok(
    !existsSync(join(folder, 'models', 'anomaly')) || readdirSync(join(folder, 'models', 'anomaly')).length === 0,
  );
});

test('ebbtide train biometric learns from a table of people’s typing, and registers a version', async (t) => {
  const folder = temporaryFolder(t);
  const environment = { EBBTIDE_DATA: folder };
  const file = join(folder, 'typing.csv');
  const { timings, typists } = inventedTyping(9, 40);
  const names = timingNames(keysOf(timings)).map((name) =>
    name.replace('hold', 'H').replace('downDown', 'DD').replace('upDown', 'UD'),
  );
  const rows = typists.flatMap(({ name, seconds, repetitions }) =>
    Array.from({ length: repetitions }, (_, i) =>
      [name, 1, i + 1, ...seconds.subarray(i * timings, (i + 1) * timings)].join(','),
    ),
  );
  writeFileSync(file, `subject,sessionIndex,rep,${names.join(',')}\n${rows.join('\n')}\n`);
  const train = (...args: string[]) =>
    ebbtide(['train', 'biometric', '--backend', 'wasm', '--epochs', '1', ...args], environment);
  const { status, stdout, stderr } = await train('--from', `file=${file}`, '--out', join(folder, 'v1'), '--json');
  assert.equal(status, exitCodes.ok, stderr);
  assert.match(stderr, /Typing: 360 repetitions of 9 people, 13 timings each/);
  assert.match(stderr, /loss \d+\.\d+, validation \d+\.\d+, .* left/);
  const { version, metrics } = JSON.parse(stdout);
  assert.equal(version, 'v1');
  assert.ok(metrics.heldOutEer >= 0 && metrics.heldOutEer <= 1);
  const shown = await ebbtide(['models', 'show', 'v1', '--kind', 'biometric', '--json'], environment);
  assert.equal(JSON.parse(shown.stdout).manifest.lineage.people, 7, shown.stderr);

  const nothing = await train();
  assert.equal(nothing.status, exitCodes.usage);
  assert.match(nothing.stderr, /No typing ships to learn from/);
  writeFileSync(file, 'subject,sessionIndex,rep,H.a\np,1,1,soon\n');
  assert.match((await train('--from', `file=${file}`)).stderr, /typing\.csv: Line 2/);
});

test('ebbtide train scope learns API calls of a file, registers the model, and goes on where it was interrupted', async (t) => {
  const folder = temporaryFolder(t);
  const environment = { EBBTIDE_DATA: folder };
  const file = join(folder, 'calls.ndjson');
  const calls = Array.from({ length: 20 }, (_, visitor) =>
    Array.from({ length: 40 }, (_, step) => {
      const bot = visitor % 2 === 1;
      const time = Date.UTC(2026, 0, 5) + step * (bot ? 6000 : 2000 + ((step * 7919 + visitor * 104_729) % 11_000));
      const operation = `GET /page/${bot ? step % 20 : (step * visitor) % 12}`;
      const label = bot ? 'malicious' : 'legitimate';
      return JSON.stringify({ frontend_credential: `v${visitor}`, service: 'shop', operation, time, label });
    }),
  ).flat();
  writeFileSync(file, `${calls.join('\n')}\n`);
  const train = (...args: string[]) =>
    ebbtide(['train', 'scope', '--backend', 'cpu', '--window', '30s', ...args], environment);
  const from = ['--from', `file=${file}`];
  const { status, stdout, stderr } = await train(...from, '--epochs', '3', '--out', join(folder, 'v1'), '--json');
  assert.equal(status, exitCodes.ok, stderr);
  assert.match(stderr, /API calls: \d+ windows of 10 benign credentials, \d+ windows of 10 malicious credentials/);
  assert.match(stderr, /It was taught by labels what misuse is/);
  assert.match(stderr, /loss \d+\.\d+, validation \d+\.\d+, .* left/);
  const { version, metrics } = JSON.parse(stdout);
  assert.equal(version, 'v1');
  assert.ok(metrics.heldAuc > 0.5 && metrics.epochs >= 1, JSON.stringify(metrics));
  const shown = await ebbtide(['models', 'show', 'v1', '--kind', 'scope', '--json'], environment);
  assert.equal(JSON.parse(shown.stdout).manifest.lineage.seed, 1, shown.stderr);

  const out = join(folder, 'v2');
  const child = startEbbtide(
    ['train', 'scope', '--backend', 'cpu', '--window', '30s', ...from, '--epochs', '12', '--out', out],
    environment,
  );
  const ended = once(child, 'exit');
  while (!existsSync(`${out}.checkpoint`) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await ended;
  assert.ok(!existsSync(out), 'nothing is there before it is whole');
  const resumed = await train('--out', out, '--resume', '--json');
  assert.equal(resumed.status, exitCodes.ok, resumed.stderr);
  const whole = await train(...from, '--epochs', '12', '--out', join(folder, 'again'), '--json');
  assert.deepEqual(JSON.parse(resumed.stdout).metrics, JSON.parse(whole.stdout).metrics);
  for (const name of ['weights.bin', 'head.json', 'step.onnx'])
    assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(folder, 'again', name)), name);

  const nothing = await train();
  assert.equal(nothing.status, exitCodes.usage);
  assert.match(nothing.stderr, /No recording of API calls ships/);
});
