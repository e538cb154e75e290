import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstValueFrom, map, of, pipe } from 'rxjs';
import type { InputMessage } from '../../operators/batch.ts';
import { decodeRecords, type RecordBatch } from '../../operators/decodeRecords.ts';
import { encodeRecords, type RecordWriter } from '../../operators/encodeRecords.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { DeadLetter } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';

interface Named {
  readonly subject: string;
}
const message = (offset: number, text: string | null): InputMessage => ({
  offset,
  timestamp: 5,
  key: Buffer.from('key'),
  value: text === null ? null : Buffer.from(text),
});
const reader = {
  read: async (bytes: Buffer): Promise<Named> => {
    if (bytes.toString() === 'away') throw new EbbtideError('REGISTRY_UNAVAILABLE', 'The registry is away');
    if (bytes.toString() === 'broken') throw new EbbtideError('RECORD_MALFORMED', 'The message is no record');
    return { subject: bytes.toString() };
  },
};
const json = <T>(topic: RecordWriter<T>['topic']): RecordWriter<T> => ({
  topic,
  encode: (value) => Buffer.from(JSON.stringify(value)),
});
const chain = <T>() =>
  pipe(
    decodeRecords<Named>(reader),
    map((batch) => batch as unknown as RecordBatch<T>),
    encodeRecords<T>({
      writer: json<T>(topics.scores),
      deadLetters: json<DeadLetter>(topics.deadLetters),
      pipeline: 'copy',
      from: { topic: 'in', partition: 3 },
    }),
  );
const through = (...messages: InputMessage[]) => firstValueFrom(of({ messages, replayBefore: 0 }).pipe(chain<Named>()));

test('decodeRecords and encodeRecords pass records on by their key, leave tombstones out and acknowledge all', async () => {
  const { records, next } = await through(message(7, 'a'), message(8, null), message(9, 'b'));
  assert.equal(next, 10);
  assert.deepEqual(
    records.map(({ topic, key, byKey }) => [topic, key, byKey]),
    [
      ['scores', 'a', true],
      ['scores', 'b', true],
    ],
  );
});

test('a message that cannot be decoded becomes a dead letter with its place and bytes, alone', async () => {
  const { records, next } = await through(message(1, 'a'), message(2, 'broken'));
  assert.equal(next, 3);
  assert.deepEqual(
    records.map(({ topic }) => topic),
    ['scores', 'dead-letters'],
  );
  const letter = JSON.parse(records[1]!.value!.toString()) as DeadLetter;
  const { topic, partition, offset, errorCode, pipeline } = letter;
  assert.deepEqual([topic, partition, offset, errorCode, pipeline], ['in', 3, 2, 'RECORD_MALFORMED', 'copy']);
});

test('a failure that passes fails the batch, which is read again', async () => {
  await assert.rejects(through(message(1, 'away')), (error) => isEbbtideError(error, 'REGISTRY_UNAVAILABLE'));
});

test('a record without its key is refused by name', async () => {
  const keyless = of({ messages: [message(1, 'a')], replayBefore: 0 }).pipe(
    decodeRecords<Named>(reader),
    map((batch) => ({ ...batch, records: [{ message: message(1, 'a'), value: { other: 1 } }] })),
    encodeRecords({
      writer: json<{ other: number }>(topics.scores),
      deadLetters: json<DeadLetter>(topics.deadLetters),
      pipeline: 'copy',
      from: { topic: 'in', partition: 3 },
    }),
  );
  await assert.rejects(firstValueFrom(keyless), /Record for scores lacks its key: field subject is undefined/);
});
