import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { Kafka, Message, Tail } from '../../../../infra/kafka/types.ts';
import { Definitions } from '../../../../infra/services/gateway/table/definitions.ts';
import { followTable } from '../../../../infra/services/gateway/table/follow.ts';
import { Overrides } from '../../../../infra/services/gateway/table/overrides.ts';
import { RowTable } from '../../../../infra/services/gateway/table/rows.ts';
import { Controls } from '../../../../operators/actuate/controls.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';
import { Scopes } from '../../../../schemas/scopes.ts';
import { keptLog, until } from '../../vault/rig.ts';

/** A topic that always has two records on their way: whenever it is looked at, one has come and one been read. */
const busyTail = () => {
  let end = 10;
  let away = false;
  let refused = 0;
  let closed = () => {};
  const closing = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const tail: Tail = {
    caughtUp: Promise.resolve(),
    async *batches(): AsyncGenerator<readonly Message[]> {
      await closing;
      yield [];
    },
    async mark() {
      if (away) {
        refused++;
        throw new Error('Kafka is away');
      }
      const noted = end;
      return () => {
        if (!away) end++;
        return end - 2 >= noted;
      };
    },
    close: async () => closed(),
  };
  return {
    tail,
    refused: () => refused,
    cut: () => {
      away = true;
    },
  };
};

test('A table that changes all the time is fresh as of the last end that was passed, and only of that', async (t) => {
  const { tail, cut, refused } = busyTail();
  let now = 1_000;
  const kafka = { tail: async () => tail } as unknown as Kafka;
  const context = { kafka, registry: new MemoryRegistry(), metrics: new Registry(), log: keptLog().log };
  const overrides = new Overrides(new Scopes({}), 0);
  const tables = {
    rows: new RowTable(),
    overrides,
    definitions: new Definitions({}, () => {}),
    controls: new Controls(),
  };
  const table = await followTable(context, tables, () => now);
  t.after(() => table.close());
  await table.caughtUp;
  assert.equal(table.ageMs(), 0);
  now += 60_000;
  assert.equal(table.ageMs(), 60_000);
  await until('an end that was noted is passed', () => table.ageMs() === 0);
  cut();
  now += 60_000;
  await until('Kafka has been asked in vain', () => refused() > 0);
  assert.ok(table.ageMs() >= 60_000, 'what was noted before says nothing of now');
});
