/**
 * Processor time and memory of predicting accesses: a forecast of every pair of a partition, and a million timers.
 * The model has the shipped shape and weights by chance: what it costs does not depend on what it has learned.
 *
 *   npm run bench -- access [--json] [--pairs 20000]
 */
import { parseArgs } from 'node:util';
import { calendarOf, hourMs } from '../../models/access/calendar.ts';
import { guarded } from '../../models/access/guarded.ts';
import { AccessModel } from '../../models/access/model.ts';
import { Population } from '../../models/access/population.ts';
import { statisticalPredictor } from '../../models/access/statistics.ts';
import { onnxRuntime } from '../../models/runtimes/onnx.ts';
import { TimerQueue } from '../../operators/preprovision/timerQueue.ts';
import { partsByChance } from '../models/access/parts.ts';
import { report, round } from './report.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, pairs: { type: 'string', default: '20000' } },
});
const pairs = Array.from({ length: Number(options.pairs) }, (_, i) => `user-${i}\u0000vm-${i % 1000}`);
const timers = 1_000_000;
const parts = await partsByChance({ members: 3, trees: { hour: [360, 16], day: [150, 8] } });
const model = await AccessModel.create('bench', parts, onnxRuntime);

/** Microseconds of processor time. */
const spent = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};
const memory = (): number => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const predictor = guarded(model, statisticalPredictor);
const hour = 491_000;
const empty = memory();
const population = new Population(calendarOf('Europe/Berlin'), hour, predictor.carried);
for (let h = 0; h < 48; h++) {
  population.openHour(hour + h);
  for (let i = h % 7; i < pairs.length; i += 7)
    population.observe(pairs[i]!, { kind: 'access', timeMs: (hour + h) * hourMs + 1000 });
}
const filled = memory();
population.openHour(hour + 48);
await predictor.forecast(population, pairs);
const closeUs = await spent(() => population.openHour(hour + 49));
const forecastUs = await spent(() => predictor.forecast(population, pairs));
await model.close();

const names = Array.from({ length: timers }, (_, i) => `user-${i}\u0000vm-${i % 1000}`);
const before = memory();
const queue = new TimerQueue();
const setUs = await spent(() => {
  for (const [i, name] of names.entries()) queue.set(name, (i * 7919) % 1_000_003);
});
const after = memory();
const takeUs = await spent(() => {
  for (let now = 0; queue.size > 0; now += 1000) queue.take(now);
});

report(
  'access',
  {
    forecastUsPerPair: round(forecastUs / pairs.length, 1),
    closeHourUsPerPair: round(closeUs / pairs.length, 2),
    bytesPerPair: Math.round((filled - empty) / pairs.length),
    bytesPerTimer: Math.round((after - before) / timers),
    setMillionTimersS: round(setUs / 1e6, 2),
    takeMillionTimersS: round(takeUs / 1e6, 2),
  },
  options.json,
);
