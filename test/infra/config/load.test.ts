import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { configSchema } from '../../../infra/config/config.ts';
import { loadConfig, parseConfig } from '../../../infra/config/load.ts';
import { exampleFile } from '../../../infra/config/reference.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const refusal = (text: string, environment: NodeJS.ProcessEnv = {}): string => {
  try {
    parseConfig(text, { file: '/etc/ebbtide.yaml', environment });
  } catch (error) {
    assert.ok(isEbbtideError(error, 'CONFIG_INVALID'), String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: `Configuration was taken:\n${text}` });
};

test('parseConfig takes an empty file, and one with nothing but comments and bare sections, as the defaults', () => {
  const defaults = configSchema.parse({});
  assert.deepEqual(parseConfig(''), defaults);
  assert.deepEqual(parseConfig('# nothing\nkafka:\n  # brokers: x\n'), defaults);
});

test('parseConfig takes every key of the example file, and finds the defaults in it', () => {
  assert.deepEqual(parseConfig(exampleFile()), configSchema.parse({}));
});

test('parseConfig refuses an unknown key with its place and the one that was meant', () => {
  const message = refusal('kafka:\n  borkers: a:9092\n');
  assert.match(
    message,
    /^\/etc\/ebbtide\.yaml:2:3: kafka\.borkers is not a key that is known here; did you mean brokers\?$/,
  );
});

test('parseConfig names key, value and what was expected', () => {
  assert.match(
    refusal('kafka:\n  partitions: 0\n'),
    /:2:15: kafka\.partitions must be a whole number from 1 to 1024 .*, got 0$/,
  );
  assert.match(
    refusal('console:\n  access: open\n'),
    /console\.access must be one of "link", "oidc", "proxy" .*, got "open"$/,
  );
  assert.match(
    refusal('policy:\n  lifecycle:\n    low: "0.2"\n'),
    /policy\.lifecycle\.low must be a number from 0 to 1 .*, got "0\.2"$/,
  );
  assert.match(refusal('http: 9464\n'), /http must be a map of host, port .*, got 9464$/);
});

test('parseConfig tells of everything that is wrong at once', () => {
  const lines = refusal('kafka:\n  partitions: 0\nhttpp: {}\nconsole: {port: 70000}\n').split('\n');
  assert.equal(lines.length, 3);
});

test('parseConfig refuses a policy whose thresholds cross', () => {
  assert.match(
    refusal('policy:\n  lifecycle:\n    low: 0.8\n'),
    /:3:10: policy\.lifecycle\.low is refused: Thresholds cross/,
  );
});

test('parseConfig shows where YAML itself is broken, or a key stands twice', () => {
  assert.match(refusal('kafka: [\n'), /:\d+:\d+: The text is not valid YAML/);
  assert.match(
    refusal('http: {port: 1}\nhttp: {port: 2}\n'),
    /:2:1: The text is not valid YAML: Map keys must be unique/,
  );
});

test('parseConfig refuses secrets that are written out, and does not repeat them', () => {
  const secrets = {
    'clickhouse:\n  password: hunter2hunter2\n': 'hunter2hunter2',
    'schemaRegistry:\n  password: 12345678\n': '12345678',
    'kafka:\n  settings:\n    sasl.password: hunter2hunter2\n': 'hunter2hunter2',
    'schemaRegistry:\n  url: https://user:hunter2hunter2@registry\n': 'hunter2hunter2',
    'kafka:\n  brokers: hvs.CAESIJ0aaaaaaaaaaaaaaaaaaaaaaaaaaa\n': 'CAESIJ0aaaa',
  };
  for (const [text, secret] of Object.entries(secrets)) {
    const message = refusal(text);
    assert.match(message, /must not/, text);
    assert.ok(!message.includes(secret), message);
  }
});

test('parseConfig takes secrets and numbers from the environment', () => {
  const text = 'clickhouse:\n  password: $' + '{ENV:CH_PASSWORD}\nhttp:\n  port: $' + '{ENV:PORT}\n';
  const config = parseConfig(text, { environment: { CH_PASSWORD: 'tide', PORT: '8080' } });
  assert.equal(config.clickhouse.password, 'tide');
  assert.equal(config.http.port, 8080);
});

test('parseConfig never shows what came out of the environment', () => {
  const text = 'http:\n  port: $' + '{ENV:PORT}\n';
  const message = refusal(text, { PORT: 'hunter2' });
  assert.match(message, /http\.port must be a whole number .*, got "\$\{ENV:PORT\}"$/);
  assert.match(refusal(text), /http\.port refers to the environment variable PORT, which is not set/);
});

test('loadConfig takes paths from the folder of the file, and says which file is not there', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'e.yaml');
  writeFileSync(file, 'clickhouse:\n  passwordFile: secrets/clickhouse\n');
  assert.equal(loadConfig(file, {}).config.clickhouse.passwordFile, join(folder, 'secrets/clickhouse'));
  assert.equal(loadConfig(undefined, { EBBTIDE_CONFIG: file }).file, file);
  assert.throws(() => loadConfig(join(folder, 'missing.yaml'), {}), {
    code: 'CONFIG_INVALID',
    message: /missing\.yaml is not there/,
  });
});

test('parseConfig refuses an alias of an anchor that is not there', () => {
  for (const text of ['*!', 'kafka: *nowhere'])
    assert.throws(
      () => parseConfig(text),
      (error) => isEbbtideError(error, 'CONFIG_INVALID'),
      text,
    );
});

test('parseConfig takes or refuses whatever it is given, and never fails otherwise', () => {
  const key = fc.oneof(
    fc.constantFrom('kafka', 'vault', 'policy', 'lifecycle', 'login', 'settings', 'targets', 'token', 'port'),
    fc.string(),
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    ),
  })).node;
  fc.assert(
    fc.property(
      fc.oneof(
        tree.map((value) => stringify(value)),
        fc.string(),
      ),
      (text) => {
        try {
          parseConfig(text);
        } catch (error) {
          assert.ok(isEbbtideError(error, 'CONFIG_INVALID'), `${String(error)}\n${text}`);
          assert.ok(error.message.length > 0);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('parseConfig refuses ranges of risk that name no scope of the configuration, or earn more at a higher risk', () => {
  const own = 'scopes: { order-desk: { allow: [{ services: [orders] }] } }\n';
  const ranges = (scope: string) =>
    `policy: { scope: { ranges: [{ upTo: 30, scope: default }, { upTo: 100, scope: ${scope} }] } }\n`;
  const { scopes, policy } = parseConfig(own + ranges('order-desk'));
  assert.equal(policy.scope.ranges[1]!.scope, 'order-desk');
  assert.deepEqual(policy.scope.scopes, scopes, 'the policy brings what its names mean');
  assert.throws(
    () => parseConfig(ranges('order-desk')),
    /policy\.scope\.ranges\.1\.scope .*There is no scope "order-desk"/,
  );
  const wider = `${own}policy: { scope: { groups: { ci: { ranges: [{ upTo: 10, scope: default }, { upTo: 50, scope: single-service(orders) }, { upTo: 100, scope: order-desk }] } } } }`;
  assert.throws(
    () => parseConfig(wider),
    /groups\.ci\.ranges\.2\.scope .*order-desk comes after single-service\(orders\)/,
  );
});
