import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, toArray } from 'rxjs';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { hazardBins, survivalOf } from '../../../models/access/hazard.ts';
import { historySize, hourOf } from '../../../models/access/history.ts';
import { type Population, pairOf } from '../../../models/access/population.ts';
import type { ModelChoice } from '../../../operators/modelChoice.ts';
import type { AccessItem } from '../../../operators/preprovision/batch.ts';
import type { Compared } from '../../../operators/preprovision/foreseeBeside.ts';
import { foreseeHours, type HourlyPredictor } from '../../../operators/preprovision/foreseeHours.ts';
import { PreprovisionState } from '../../../operators/preprovision/partitionState.ts';

const start = Date.parse('2026-03-02T00:00:00Z');
const pair = pairOf('ada', 'build-7');
const message = { offset: 0, timestamp: 0, key: null, value: null };

/** Says one chance, and counts in what it carries of each pair how often it was asked. */
const constant = (version: string, chance: number, asked: number[] = []): HourlyPredictor => ({
  version,
  carried: { pair: 1, all: 2 },
  forecast: async (population: Population, pairs: readonly string[]) =>
    pairs.map((one) => {
      const state = population.stateOf(one);
      state[historySize]!++;
      asked.push(state[historySize]!);
      const survival = survivalOf(Array(hazardBins).fill(Math.log(chance / (1 - chance))));
      return { within1h: chance, within24h: chance, survival, basis: 'model', helps: true };
    }),
});

/** Ten hours, with an access in the third and in the fourth. */
const items: AccessItem[] = Array.from({ length: 10 }, (_, hour): AccessItem[] => {
  const time = start + hour * hourMs;
  const clock = { time, controlOffset: 0, scoresOffset: 0, modelSequence: hour < 5 ? 0 : 1 };
  const access = { kind: 'event', pair, event: { kind: 'access', timeMs: time + 60_000 }, message } as const;
  return [{ kind: 'clock', clock }, ...(hour === 2 || hour === 3 ? [access] : [])];
}).flat();

const run = async (
  models: ModelChoice<HourlyPredictor>,
  given: readonly AccessItem[] = items,
): Promise<{ due: unknown; compared: Compared[]; floats: readonly number[] }> => {
  const state = new PreprovisionState(calendarOf('UTC'), hourOf(start), { pair: 1, all: 2 }, 'champion');
  const compared: Compared[] = [];
  const batches = given.map((item) => ({ source: { messages: [], replayBefore: 0 }, items: [item], rejected: [] }));
  const chain = foreseeHours(state, models, (how) => compared.push(how));
  const due = (await lastValueFrom(from(batches).pipe(chain, toArray()))).map((batch) => batch.due);
  return { due, compared, floats: [...state.population.stateOf(pair), ...state.population.shared] };
};

const champion = () => constant('champion', 0.1);

test('a challenger foresees beside, and nothing comes of it but a comparison', async () => {
  const alone = await run({ inForce: () => ({ champion: champion() }), challengerFailed: assert.fail });
  assert.deepEqual(alone.compared, []);
  const asked: number[] = [];
  const challenger = constant('challenger', 0.4, asked);
  const { due, compared, floats } = await run({
    inForce: () => ({ champion: champion(), challenger }),
    challengerFailed: assert.fail,
  });
  assert.deepEqual([due, floats], [alone.due, alone.floats]);
  // What it carries is its own, from the hour after the pair was first seen on
  assert.deepEqual(asked, [1, 2, 3, 4, 5, 6, 7]);
  const losses = compared.map(({ version, pairs, championLoss, challengerLoss }) => [
    version,
    pairs,
    Math.exp(-championLoss).toFixed(3),
    Math.exp(-challengerLoss).toFixed(3),
  ]);
  const missed = ['challenger', 1, '0.900', '0.600'];
  assert.deepEqual(losses, [['challenger', 1, '0.100', '0.400'], ...Array(5).fill(missed)]);
});

test('it begins when its pointer is in force, and hours that are read again are not compared twice', async () => {
  const models = {
    inForce: ({ models = 0 }) =>
      models === 0 ? { champion: champion() } : { champion: champion(), challenger: constant('challenger', 0.4) },
    challengerFailed: assert.fail,
  };
  assert.equal((await run(models)).compared.length, 4);
  const again = items.map((item): AccessItem => ({ ...item, replayed: true }));
  assert.deepEqual((await run(models, again)).compared, []);
});

test('one that fails is told of, and the champion foresees on', async () => {
  const failed: string[] = [];
  const { due, compared } = await run({
    inForce: () => ({
      champion: champion(),
      challenger: { ...constant('challenger', 0.4), forecast: () => Promise.reject(new Error('broken')) },
    }),
    challengerFailed: (version) => failed.push(version),
  });
  const alone = await run({ inForce: () => ({ champion: champion() }), challengerFailed: assert.fail });
  assert.deepEqual([due, compared], [alone.due, []]);
  assert.deepEqual([...new Set(failed)], ['challenger']);
});
