import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { encodeManifest, manifestFile, readManifest } from '../../../models/anomaly/manifest.ts';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Label } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { livelyPolicy } from '../../faults/input.ts';
import { openStage } from '../../faults/stage.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { freePort } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { rowsOf } from '../clickhouse/support.ts';

test('ebbtide replay refuses what it cannot do before it asks any server', async (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const foreign = join(folder, 'foreign');
  cpSync(shippedAnomalyModel(), foreign, { recursive: true });
  const manifest = await readManifest(foreign);
  writeFileSync(
    join(foreign, manifestFile),
    encodeManifest({ ...manifest, features: { ...manifest.features, hash: 'f'.repeat(64) } }),
  );
  const cases: [string[], number, RegExp][] = [
    [
      ['--topics', 'telemetry.resorce'],
      exitCodes.usage,
      /no topic "telemetry\.resorce"; did you mean telemetry\.resource\?/,
    ],
    [['--topics', 'telemetry.api'], exitCodes.usage, /no pipeline decides on telemetry\.api/],
    [['--from', 'yesterday'], exitCodes.usage, /--from must be a time such as .*got "yesterday"/],
    [['--from', '1h', '--to', '2h'], exitCodes.usage, /--from must lie before --to/],
    [
      ['--policy', file('crossing.yaml', 'low: 0.7\n')],
      exitCodes.usage,
      /crossing\.yaml: Policy refused: .*Thresholds cross/,
    ],
    [['--policy', file('typo.yaml', 'policy:\n  lifecycle:\n    hihg: 0.7\n')], exitCodes.usage, /typo\.yaml: .*hihg/],
    [['--policy', join(folder, 'absent.yaml')], exitCodes.usage, /absent\.yaml cannot be read/],
    [['--against', 'a,b,c'], exitCodes.usage, /--against takes MODEL,POLICY/],
    [['--against', `,${join(folder, 'crossing.yaml')}`], exitCodes.usage, /Thresholds cross/],
    [['--model', join(folder, 'nowhere')], exitCodes.usage, /neither "shipped", nor a folder, nor a version/],
    [['--model', foreign], exitCodes.failed, /was trained on features .*train it again/],
    [['--fail-if', 'falseRevocation > 0'], exitCodes.usage, /did you mean falseRevocations\?/],
    [['--fail-if', 'againstRevocations > 0'], exitCodes.usage, /no figure of this replay/],
    [['--out', 'printer'], exitCodes.usage, /--out must be topic/],
    [['--source', 'tape'], exitCodes.usage, /Allowed choices are kafka, archive/],
  ];
  const environment = { EBBTIDE_DATA: folder };
  for (const [args, status, message] of cases) {
    const run = await ebbtide(['replay', ...args], environment);
    assert.match(run.stderr, message, args.join(' '));
    assert.equal(run.status, status, `${args.join(' ')}: ${run.stderr}`);
    assert.equal(run.stdout, '');
  }
});

test('ebbtide replay ends with 3 when the archive or Kafka is away', async (t) => {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const config = join(folder, 'ebbtide.yaml');
  writeFileSync(
    config,
    `kafka: { brokers: "127.0.0.1:${port}" }\nschemaRegistry: { url: "http://127.0.0.1:${port}" }\nclickhouse: { url: "http://127.0.0.1:${port}" }\n`,
  );
  const archive = await ebbtide(['replay', '--source', 'archive', '--config', config]);
  assert.equal(archive.status, exitCodes.unreachable, archive.stderr);
  assert.match(archive.stderr, /ClickHouse at .* does not answer/);
  const kafka = await ebbtide(['replay', '--config', config]);
  assert.equal(kafka.status, exitCodes.unreachable, kafka.stderr);
  assert.match(kafka.stderr, /Cannot reach Kafka/);
});

test('ebbtide replay reports, writes where it is told, and fails where a condition holds', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'clickhouse'))) return;
  const stage = await openStage(t, 3);
  const { kafka, registry, input } = stage;
  await input.send(90);
  await input.finish();
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const labels = await TopicCodec.open<Label>(topics.labels, registry);
  const label = (subject: string, verdict: Label['verdict']) => ({
    topic: topics.labels.name,
    key: subject,
    value: labels.encode({
      ...{ subject, decisionId: null, verdict, windowStart: null, windowEnd: null, note: '', by: 'test', at: 1 },
    }),
  });
  await producer.send([
    ...input.subjects.slice(0, 12).map((subject) => label(subject, 'falsePositive')),
    ...input.subjects.slice(12, 18).map((subject) => label(subject, 'maliciousActivity')),
  ]);
  const server = await clickHouse(t);
  const web = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
  t.after(() => web.close());
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  writeFileSync(
    at('ebbtide.yaml'),
    `kafka: { brokers: "${stage.broker.brokers}" }\nschemaRegistry: { url: "${web.address}" }\nclickhouse: { url: "${server.url}" }\n`,
  );
  writeFileSync(at('strict.yaml'), JSON.stringify({ ...livelyPolicy, moderate: 0.3, high: 0.4, strikes: 1 }));
  const run = (...args: string[]) => ebbtide(['replay', '--config', at('ebbtide.yaml'), ...args]);
  const strict = ['--policy', at('strict.yaml')];

  await t.test('JSON, HTML and a file', async () => {
    const html = at('report.html');
    const out = at('out.jsonl');
    const { status, stdout, stderr } = await run(
      '--json',
      ...strict,
      '--against',
      ',',
      '--html',
      html,
      '--out',
      `file:${out}`,
    );
    assert.equal(status, exitCodes.ok, stderr);
    assert.match(stderr, /Replaying: \d+ of \d+, [\d,]+ samples\/s, .* left/);
    const { name, figures, environment } = JSON.parse(stdout);
    assert.equal(name, 'replay');
    for (const [figure, value] of Object.entries(figures)) assert.equal(typeof value, 'number', figure);
    assert.ok(figures.revocations > figures.againstRevocations);
    assert.ok(figures.differingDecisions > 0);
    assert.equal(figures.benignSubjects, 12);
    assert.equal(figures.maliciousSubjects, 6);
    assert.equal(environment.againstPolicy, 'as in control');
    const lines = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const count = (lane: string, topic: string) =>
      lines.filter((line) => line.lane === lane && line.topic === topic).length;
    assert.equal(count('here', 'decisions'), figures.decisions);
    assert.equal(count('against', 'decisions'), figures.againstDecisions);
    assert.equal(count('here', 'scores'), figures.windows);
    assert.equal(existsSync(`${out}.partial`), false);
    assert.match(readFileSync(html, 'utf8'), /Differing decisions/);
  });

  await t.test('a condition', async () => {
    const failed = await run(...strict, '--fail-if', 'falseRevocations > 0', '--fail-if', 'decisions < 0');
    assert.equal(failed.status, exitCodes.failed);
    assert.match(failed.stderr, /Failed, for this holds: falseRevocations > 0 \(falseRevocations is \d+\)/);
    assert.doesNotMatch(failed.stderr, /decisions < 0/);
    assert.match(failed.stdout, /falseRevocations +\d+/);
    assert.equal((await run(...strict, '--fail-if', 'falseRevocations < 0')).status, exitCodes.ok);
  });

  await t.test('a condition that cannot be judged', async () => {
    const lenient = at('lenient.yaml');
    writeFileSync(lenient, JSON.stringify({ ...livelyPolicy, high: 1, onSilence: 'alert' }));
    const { status, stdout, stderr } = await run('--json', '--policy', lenient, '--fail-if', 'meanTimeToRevokeS > 60');
    assert.equal(status, exitCodes.failed);
    assert.match(stderr, /Failed: .*needs meanTimeToRevokeS, which has no value in this replay/);
    assert.equal(JSON.parse(stdout).conditions[0].holds, null);
  });

  await t.test('topics of its own', async () => {
    for (const name of ['decisions', 'a b']) {
      const refused = await run('--out', `topic:${name}`);
      assert.equal(refused.status, exitCodes.usage, refused.stderr);
    }
    const { status, stdout, stderr } = await run('--json', '--out', 'topic:trial');
    assert.equal(status, exitCodes.ok, stderr);
    const { figures } = JSON.parse(stdout);
    let found = 0;
    const tail = await kafka.tail({ topics: ['trial.decisions'], from: 'beginning' });
    for await (const messages of tail.batches()) {
      if (messages.length === 0) break;
      found += messages.length;
    }
    await tail.close();
    assert.equal(found, figures.decisions);
  });

  await t.test('tables of its own', async () => {
    const { status, stdout, stderr } = await run('--json', '--out', 'table:trial', '--against', ',');
    assert.equal(status, exitCodes.ok, stderr);
    const { figures } = JSON.parse(stdout);
    const archive = openArchive(clickhouseConfig.parse({ url: server.url }));
    t.after(() => archive.close());
    const counted = async (table: string) =>
      rowsOf(
        archive,
        `SELECT lane, count() AS n FROM ${table} FINAL WHERE replay = 'trial' GROUP BY lane ORDER BY lane DESC`,
      );
    assert.deepEqual(await counted('replay_decisions'), [
      { lane: 'here', n: figures.decisions },
      { lane: 'against', n: figures.decisions },
    ]);
    assert.deepEqual(await counted('replay_scores'), [
      { lane: 'here', n: figures.windows },
      { lane: 'against', n: figures.windows },
    ]);
  });

  await t.test('a range without data', async () => {
    const none = await run('--from', '2020-01-01', '--to', '2020-02-01');
    assert.equal(none.status, exitCodes.failed);
    assert.match(
      none.stderr,
      /No telemetry was received between 2020-01-01T00:00:00.000Z and .*Kafka holds \d+ messages of other times/,
    );
    const empty = await run('--source', 'archive');
    assert.equal(empty.status, exitCodes.failed, empty.stderr);
    assert.match(empty.stderr, /the archive holds none; see that ebbtide run archive runs/);
  });

  await t.test('a schema that the registry does not have', async () => {
    const value = Buffer.from([0, 0, 0, 39, 15, 0]);
    await producer.send([{ topic: topics.telemetryResource.name, partition: 0, key: 'x', value }]);
    const out = at('unfinished.jsonl');
    const refused = await run('--out', `file:${out}`);
    assert.equal(refused.status, exitCodes.failed);
    assert.match(refused.stderr, /Message \d+ of partition 0 cannot be read: .*--skip-unreadable/);
    assert.equal(existsSync(out) || existsSync(`${out}.partial`), false);
    assert.equal((await run('--skip-unreadable')).status, exitCodes.ok);
  });
});
