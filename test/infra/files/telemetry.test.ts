import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import avsc from 'avsc';
import { splitCsv } from '../../../infra/files/csv.ts';
import { fileTelemetry } from '../../../infra/files/telemetry.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { ResourceTelemetrySchema } from '../../../schemas/generated/index.ts';
import { temporaryFolder } from '../../services/folder.ts';

const range = { fromMs: 0, toMs: 8.64e15 };
const time = Date.parse('2026-03-01T00:00:00Z');

const written = (t: TestContext, name: string, content: string | Buffer): string => {
  const file = join(temporaryFolder(t, 'ebbtide-files-'), name);
  writeFileSync(file, content);
  return file;
};

const samplesOf = async (file: string) => {
  const source = fileTelemetry(file);
  const subjects = new Map<string, typeof range>();
  await source.extents(range, (subject) => subjects.set(subject, range));
  const samples: [string, number, number | undefined][] = [];
  await source.samples(subjects, (subject, at, values) =>
    samples.push([subject, at, Number.isNaN(values[0]) ? undefined : values[0]]),
  );
  return samples;
};

const malformed = (pattern: RegExp) => (error: unknown) =>
  isEbbtideError(error, 'RECORD_MALFORMED') && pattern.test(error.message);

test('fileTelemetry() reads CSV: ISO and epoch times, quotes, missing values', async (t) => {
  const text = `\uFEFFsubject,time,cpuCores,threads\r
"a,""b""",2026-03-01T00:00:00Z,0.5,3\r
c,${time + 1000},,NaN\r
c,2026-03-01 00:00:02,nan,4\r
`;
  const expected = [
    ['a,"b"', time, 0.5],
    ['c', time + 1000, undefined],
    ['c', time + 2000, undefined],
  ];
  assert.deepEqual(await samplesOf(written(t, 'x.csv', text)), expected);
  assert.deepEqual(await samplesOf(written(t, 'x.csv.gz', gzipSync(text))), expected);
});

test('fileTelemetry() names file, line and column of what it cannot read', async (t) => {
  const csv = (rows: string) => samplesOf(written(t, 'bad.csv', `subject,time,cpuCores\n${rows}`));
  await assert.rejects(
    csv('a,1,0.5\na,2,lots\n'),
    malformed(/bad\.csv, line 3, column cpuCores: "lots" is not a number/),
  );
  await assert.rejects(csv('a,yesterday,1\n'), malformed(/line 2, column time: "yesterday" is neither/));
  await assert.rejects(csv('a,1\n'), malformed(/line 2: it has 2 cells, the header has 3/));
  await assert.rejects(csv(',1,2\n'), malformed(/line 2, column subject: it is empty/));
  await assert.rejects(csv('"a,1,2\n'), malformed(/line 2: a quote is not closed/));
  await assert.rejects(
    samplesOf(written(t, 'h.csv', 'subject,cpuCores\n')),
    malformed(/line 1, column time: the header lacks it/),
  );
  await assert.rejects(
    samplesOf(written(t, 'h.csv', 'subject,time,cpu\n')),
    malformed(/line 1, column cpu: there is no such column/),
  );
  await assert.rejects(
    samplesOf(written(t, 'z.csv.gz', Buffer.from('no gzip'))),
    malformed(/z\.csv\.gz, after line 0/),
  );
  assert.throws(
    () => fileTelemetry('/nowhere/x.csv'),
    (error) => isEbbtideError(error, 'DATA_MISSING'),
  );
  assert.throws(
    () => fileTelemetry('x.parquet'),
    (error) => isEbbtideError(error, 'REQUEST_INVALID'),
  );
});

test('fileTelemetry() reads NDJSON: messages, rows of the archive, Avro JSON; and names what it cannot read', async (t) => {
  const lines = [
    {
      credentialId: 'a',
      samples: [
        { time, cpuCores: 0.5 },
        { time: time + 1000, cpuCores: { double: 0.75 } },
      ],
    },
    { credential_id: 'b', time: '2026-03-01 00:00:00.000', cpu_cores: 2, threads: null },
    { credentialId: '', samples: [], clock: { time } },
  ];
  const file = written(t, 'x.ndjson', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  assert.deepEqual(await samplesOf(file), [
    ['a', time, 0.5],
    ['a', time + 1000, 0.75],
    ['b', time, 2],
  ]);
  const bad = written(t, 'bad.jsonl', `{"credentialId":"a","samples":[{"time":1,"cpuCores":"x"}]}\n`);
  await assert.rejects(samplesOf(bad), malformed(/bad\.jsonl, line 1, column samples\.0\.cpuCores/));
  await assert.rejects(samplesOf(written(t, 'cut.jsonl', '{"a":1}\n{"cre')), malformed(/line 1, column/));
});

test('fileTelemetry() reads Avro container files', async (t) => {
  const file = join(temporaryFolder(t, 'ebbtide-files-'), 'x.avro');
  const encoder = new avsc.streams.BlockEncoder(avsc.Type.forSchema(ResourceTelemetrySchema as unknown as avsc.Schema));
  const stream = encoder.pipe(createWriteStream(file));
  const none = Object.fromEntries(resourceMetrics.map((metric) => [metric, null]));
  const samples = [{ time, ...none, cpuCores: 1.25, custom: {} }];
  encoder.write({ credentialId: 'a', host: '', sentAt: 0, samples, clock: null });
  encoder.end();
  await once(stream, 'finish');
  assert.deepEqual(await samplesOf(file), [['a', time, 1.25]]);
  await assert.rejects(samplesOf(written(t, 'y.avro', 'no avro at all')), malformed(/y\.avro/));
});

test('splitCsv()', () => {
  assert.deepEqual(splitCsv('a,b,'), ['a', 'b', '']);
  assert.deepEqual(splitCsv('"a",b,""'), ['a', 'b', '']);
  assert.deepEqual(splitCsv('"a","b",'), ['a', 'b', '']);
  assert.deepEqual(splitCsv(',"x,y"'), ['', 'x,y']);
  assert.equal(splitCsv('"a'), undefined);
});
