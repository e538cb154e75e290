/**
 * Samples a second through the lifecycle chain alone, in memory, on one core: decode, window, featurize, score with the
 * shipped model, decide, encode. Messages are made beforehand, and the first third of them is not counted, in which code
 * is compiled. What Kafka adds is measured by `throughput`. See README.md beside this file.
 *
 *   npm run bench -- chain [--json] [--samples 1000000] [--credentials 1000] [--per 1,50]
 */
import { parseArgs } from 'node:util';
import { resourceLayout } from '../../infra/jobs/layout.ts';
import { loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import type { InputMessage } from '../../operators/batch.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import { RunningTask } from '../../pipelines/job/runningTask.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import type { ResourceSample } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import { openCodecs } from '../pipelines/lifecycleDriver.ts';
import { type Figures, report, round } from './report.ts';
import { benchPolicy, credentialName, metricOf } from './throughput/load.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    samples: { type: 'string', default: '1000000' },
    credentials: { type: 'string', default: '1000' },
    per: { type: 'string', default: '1,50' },
  },
});
const credentials = Number(options.credentials);
const model = await loadAnomalyModel(shippedAnomalyModel(), { windowMs: benchPolicy.windowMs });
const { encoders, telemetry } = await openCodecs();
const begin = 1_700_000_000_000;
const figures: Figures = {};

for (const per of options.per.split(',').map(Number)) {
  const rounds = Math.max(1, Math.round(Number(options.samples) / credentials / per));
  const state = new KeyedState();
  const joined = { control: 0, credentials: 0, labels: 0 };
  const time = { now: 0, joined, history: [{ offset: -1, joined }] };
  const open = new OpenWindows(telemetry.metrics);
  const counts = { samples: 0, late: 0, rejected: 0, unregistered: 0, withheld: 0 };
  const orders = {
    policy: benchPolicy,
    policyVersion: policyVersion(benchPolicy),
    killSwitch: false,
    exempt: () => false,
  };
  const facts = { ttlMs: 3_600_000, maxTtlMs: 86_400_000, issuedAt: begin, ended: false };
  const chain = lifecycle({
    partition: { name: 'lifecycle', topic: 'telemetry.resource', partition: 0, state, time, open, budget: [] },
    reader: telemetry,
    joined: { credential: () => facts, orders: () => orders, reached: () => undefined },
    features: model.spec,
    model,
    encoders,
    counts,
  });
  const task = new RunningTask({ chain, start: 0, replayBefore: 0 });
  const turns: InputMessage[][] = [];
  let offset = 0;
  for (let turn = 0; turn < rounds; turn++) {
    const messages: InputMessage[] = [];
    for (let credential = 0; credential < credentials; credential++) {
      const samples = Array.from({ length: per }, (_, i) => {
        const second = turn * per + i;
        const sample = {
          time: begin + second * 1000 + ((credential * 7919) % 1000),
          custom: {},
        } as unknown as ResourceSample;
        for (const [index, metric] of resourceLayout.metrics.entries())
          (sample as unknown as Record<string, number>)[metric] = metricOf(credential, second, index);
        return sample;
      });
      const value = telemetry.records.encode({
        credentialId: credentialName(credential),
        host: 'bench',
        sentAt: begin,
        samples,
        clock: null,
      });
      messages.push({ offset: offset++, timestamp: samples[0]!.time, key: null, value });
    }
    turns.push(messages);
  }
  const uncounted = Math.floor(rounds / 3);
  for (const messages of turns.slice(0, uncounted)) await task.process(messages);
  globalThis.gc?.();
  const before = process.cpuUsage();
  let records = 0;
  for (const messages of turns.slice(uncounted)) records += (await task.process(messages)).records.length;
  const { user, system } = process.cpuUsage(before);
  const samples = (rounds - uncounted) * credentials * per;
  figures[`samplesPerCpuS${per}`] = Math.round(samples / ((user + system) / 1e6));
  figures[`recordsPerSample${per}`] = round(records / samples);
}
await model.close();
report('chain', figures, options.json);
