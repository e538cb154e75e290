import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hourMs } from '../../../models/access/calendar.ts';
import { pairOf } from '../../../models/access/population.ts';
import type { PreprovisionDecision } from '../../../operators/preprovision/batch.ts';
import { ComparePreparations } from '../../../pipelines/preprovision/comparePreparations.ts';
import { parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';

const ada = pairOf('ada', 'build-7');
const policy = parsePreprovisionPolicy({});
const minuteMs = hourMs / 60;

const decision = (
  action: PreprovisionDecision['action'],
  hours: number,
  more: Partial<PreprovisionDecision> = {},
): PreprovisionDecision => ({
  ...{ action, pair: ada, timeMs: hours * hourMs, untilMs: (Math.floor(hours) + 1) * hourMs, reason: '' },
  ...{ policy, modelVersion: '', ...more },
});
const came = (hours: number, pair = ada) => ({ pair, timeMs: hours * hourMs });

test('ComparePreparations ends at its end: what would begin then is passed over, what ends then is counted', () => {
  const comparison = new ComparePreparations(0, 10);
  comparison.add({ came: [], decisions: [[decision('prepare', 1)], [decision('prepare', 1)]] });
  const ends = [decision('end', 2, { reason: 'windowEnd' }), decision('prepare', 2)];
  comparison.add(
    { came: [], decisions: [ends, [ends[0]!, decision('withhold', 2, { reason: 'budget' })]] },
    2 * hourMs,
  );
  const { users, decisions, differences } = comparison.finish(2 * hourMs);
  const once = { prepared: 1, hits: 0, wasted: 1, unusedMs: 60 * minuteMs, withheld: 0 };
  assert.deepEqual(users, [{ user: 'ada', visits: 0, differing: 0, draft: once, inForce: once }]);
  assert.deepEqual([decisions, differences], [{ draft: 1, inForce: 1 }, []]);
});

test('ComparePreparations counts an hour once as a visit, and what lay for how long', () => {
  const comparison = new ComparePreparations(0, 10);
  comparison.add({
    came: [came(1.25), came(1.5), came(1.75)],
    decisions: [[decision('prepare', 1), decision('used', 1.25)], []],
  });
  comparison.add({ came: [], decisions: [[decision('prepare', 2)], [decision('prepare', 2)]] });
  comparison.add({
    came: [came(3.5)],
    decisions: [
      [decision('end', 3, { reason: 'windowEnd' }), decision('withhold', 3, { reason: 'budget' })],
      [decision('end', 3, { reason: 'windowEnd' }), decision('prepare', 3)],
    ],
  });
  const { users, decisions, differences } = comparison.finish(3.75 * hourMs);
  assert.deepEqual(users, [
    {
      ...{ user: 'ada', visits: 2, differing: 2 },
      draft: { prepared: 2, hits: 1, wasted: 1, unusedMs: 75 * minuteMs, withheld: 1 },
      inForce: { prepared: 2, hits: 0, wasted: 1, unusedMs: 105 * minuteMs, withheld: 0 },
    },
  ]);
  assert.deepEqual(decisions, { draft: 3, inForce: 2 });
  const [first, last] = differences;
  assert.deepEqual(
    [first!.timeMs, first!.draft!.end, first!.draft!.endedAt, first!.inForce],
    [hourMs, 'used', 1.25 * hourMs, null],
  );
  assert.deepEqual([last!.draft!.withheld, last!.inForce!.withheld, last!.inForce!.endedAt], ['budget', '', null]);
});

test('ComparePreparations leaves out what was before, but for what lay ready then', () => {
  const comparison = new ComparePreparations(2 * hourMs, 10);
  const long = { untilMs: 4 * hourMs };
  comparison.add({ came: [came(1.5)], decisions: [[decision('prepare', 1, long)], []] });
  comparison.add({ came: [came(2.5)], decisions: [[decision('used', 2.5, long)], []] });
  const { users, decisions, differences } = comparison.finish(3 * hourMs);
  const [{ visits, differing, draft }] = users as [(typeof users)[number]];
  assert.deepEqual([visits, differing, draft.prepared, draft.hits], [1, 0, 0, 1]);
  assert.equal(draft.unusedMs, 30 * minuteMs);
  assert.deepEqual([decisions.draft, differences.length], [0, 0]);
});

test('ComparePreparations keeps the latest of many differences, and counts them all', () => {
  const comparison = new ComparePreparations(0, 3);
  for (let hour = 0; hour < 20; hour++)
    comparison.add({ came: [], decisions: [[decision('withhold', hour, { reason: 'risk' })], []] });
  const { users, differences } = comparison.finish(20 * hourMs);
  assert.equal(users[0]!.differing, 20);
  assert.deepEqual(
    differences.map(({ timeMs }) => timeMs / hourMs),
    [17, 18, 19],
  );
});
