import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askFor } from '../../../infra/cli/init/ask.ts';
import { type Answers, composeConfig, defaultAnswers } from '../../../infra/cli/init/compose.ts';
import { parseConfig } from '../../../infra/config/load.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

test('every combination of answers composes a configuration that Ebbtide takes', () => {
  const urls = ['embedded', 'https://server.example:8443'];
  let composed = 0;
  for (const kafka of ['embedded', 'a:9092,b:9092'])
    for (const kafkaSecurity of ['plaintext', 'ssl', 'sasl_ssl'] as const)
      for (const schemaRegistry of urls)
        for (const clickhouse of urls)
          for (const vault of urls)
            for (const vaultLogin of ['approle', 'kubernetes'] as const)
              for (const mode of ['shadow', 'enforce'] as const) {
                const answers = {
                  kafka,
                  kafkaSecurity,
                  partitions: 7,
                  schemaRegistry,
                  clickhouse,
                  vault,
                  vaultLogin,
                  mode,
                };
                const { text, variables } = composeConfig(answers);
                const environment = Object.fromEntries(variables.map((name) => [name, `value of ${name}`]));
                const config = parseConfig(text, { environment });
                assert.equal(config.kafka.brokers, kafka);
                assert.equal(config.schemaRegistry.url, schemaRegistry);
                assert.equal(config.clickhouse.url, clickhouse);
                assert.equal(config.vault.address, vault);
                assert.equal(config.vault.actuatorLogin?.method, vault === 'embedded' ? undefined : vaultLogin);
                assert.equal(config.policy.lifecycle.mode, mode);
                assert.equal(config.policy.scope.mode, mode);
                composed++;
              }
  assert.equal(composed, 192);
  assert.match(composeConfig(defaultAnswers).text, /^# Ebbtide/);
});

test('ebbtide init writes what options say, passes config check, and overwrites nothing unasked', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'deep', 'ebbtide.yaml');
  const options = ['--kafka', 'kafka:9092', '--vault', 'http://vault:8200', '--mode', 'enforce'];
  const first = await ebbtide(['init', file, '--yes', ...options]);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /ebbtide vault bootstrap --config/);
  const secret = join(folder, 'deep', 'vault', 'token-service.secret');
  assert.equal(statSync(secret).mode & 0o777, 0o600);

  const checked = await ebbtide(['--json', 'config', 'check', '--config', file]);
  assert.equal(checked.status, 0, checked.stderr);
  const { kafka, token } = JSON.parse(checked.stdout) as {
    kafka: { brokers: string };
    token: { sharedSecretFile: string };
  };
  assert.equal(kafka.brokers, 'kafka:9092');
  assert.equal(token.sharedSecretFile, secret);

  writeFileSync(file, '# mine\n');
  const second = await ebbtide(['init', file, ...options]);
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /is there already/);
  assert.equal(readFileSync(file, 'utf8'), '# mine\n');
  assert.equal((await ebbtide(['init', file, '--force', ...options])).status, 0);
  assert.match(readFileSync(file, 'utf8'), /brokers: kafka:9092/);
});

test('what is not given is asked, an answer that cannot be is asked again, and defaults are embedded', async () => {
  const dialogue = async (answers: readonly (readonly [question: RegExp, keys: string])[], given: Partial<Answers>) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    // A question that was answered ends its stream, which a terminal does not mind
    output.end = () => output;
    let shown = '';
    let next = 0;
    output.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      const [question, keys] = answers[next] ?? [];
      if (!question?.test(shown)) return;
      next++;
      shown = '';
      setImmediate(() => input.write(keys));
    });
    const answered = await askFor(given, { input, output });
    assert.equal(next, answers.length);
    return answered;
  };
  const down = '\u001b[B';
  const own = await dialogue(
    [
      [/Kafka brokers/, 'kafka:9092\r'],
      [/How do you speak/, `${down}\r`],
      [/Partitions/, '6\r'],
      [/Vault or OpenBao/, 'vault\r'],
      [/Give a URL/, '\u0015http://vault:8200\r'],
      [/log in at Vault/, `${down}\r`],
      [/What may Ebbtide do/, '\r'],
    ],
    { schemaRegistry: 'embedded', clickhouse: 'http://clickhouse:8123' },
  );
  assert.deepEqual(own, {
    kafka: 'kafka:9092',
    kafkaSecurity: 'ssl',
    partitions: 6,
    schemaRegistry: 'embedded',
    clickhouse: 'http://clickhouse:8123',
    vault: 'http://vault:8200',
    vaultLogin: 'kubernetes',
    mode: 'shadow',
  });
  const plain = ([/Kafka brokers/, /Schema registry/, /ClickHouse/, /Vault or OpenBao/, /What may/] as const).map(
    (question) => [question, '\r'] as const,
  );
  assert.deepEqual(await dialogue(plain, {}), defaultAnswers);
});

test('ebbtide init writes nothing of an answer that cannot be', async (t) => {
  const file = join(temporaryFolder(t), 'ebbtide.yaml');
  const wrong = await ebbtide(['init', file, '--yes', '--vault', 'vault:8200']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /vault\.address/);
  assert.match(wrong.stderr, /was not written/);
  assert.ok(!existsSync(file));
});
