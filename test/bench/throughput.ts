/**
 * Samples a second through the lifecycle pipeline, exactly once, on real Apache Kafka, as a ratio to the same client
 * merely consuming the same messages in the same run; and what a second process adds. See README.md beside this file.
 *
 *   npm run bench -- throughput [--json] [--runs 3] [--warmUp 2] [--samples 1500000] [--credentials 1000] [--per 1,50]
 *     [--processes 1,2] [--profile] [--calm seconds] [--peers ../shared/peers]
 */
import type { TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { privateKafka } from '../services/kafka.ts';
import { comparePeers } from './peers/rotation.ts';
import { type Figures, median, report, round, say } from './report.ts';
import { measure } from './throughput/measure.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    warmUp: { type: 'string', default: '2' },
    samples: { type: 'string', default: '1500000' },
    credentials: { type: 'string', default: '1000' },
    per: { type: 'string', default: '1,50' },
    processes: { type: 'string', default: '1,2' },
    profile: { type: 'boolean', default: false },
    peers: { type: 'string' },
    calm: { type: 'string', default: '0' },
  },
});
const list = (text: string) => text.split(',').map(Number);
const processes = list(options.processes);

const teardown: (() => unknown)[] = [];
try {
  const figures: Figures = {};
  for (const per of list(options.per)) {
    const kafka = await privateKafka({ after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext);
    const samples = Number(options.samples) * (per > 1 ? 2 : 1);
    const load = { per, credentials: Number(options.credentials), samples };
    const measured = await measure(kafka, load, {
      processes,
      runs: Number(options.runs),
      warmUp: Number(options.warmUp),
      profile: options.profile,
      calmSeconds: Number(options.calm),
    });
    const rate = (name: string) => median(measured[name]!.map(({ samplesPerS }) => samplesPerS));
    const perCpu = (name: string) => median(measured[name]!.map(({ samplesPerCpuS }) => samplesPerCpuS));
    figures[`consumePerS${per}`] = Math.round(rate('consume'));
    for (const count of processes) {
      const name = `lifecycle ×${count}`;
      const suffix = count === 1 ? '' : `x${count}`;
      figures[`samplesPerS${per}${suffix}`] = Math.round(rate(name));
      figures[`samplesPerCpuS${per}${suffix}`] = Math.round(perCpu(name));
      figures[`ratioToConsume${per}${suffix}`] = round(rate(name) / rate('consume'));
      if (count > 1 && measured['lifecycle ×1'])
        figures[`ratio${count}To1Processes${per}`] = round(rate(name) / rate('lifecycle ×1'));
    }
    figures[`coresOfOthers${per}`] = round(
      median(Object.values(measured).flatMap((list) => list.map(({ coresOfOthers }) => coresOfOthers))),
      2,
    );
    figures[`samplesPerCpuConsume${per}`] = Math.round(perCpu('consume'));
    await kafka.stop();
  }
  if (options.peers !== undefined) {
    const compared = await comparePeers({
      peers: options.peers,
      runs: Number(options.runs),
      samples: Number(options.samples),
      credentials: Number(options.credentials),
      per: list(options.per),
    });
    if (typeof compared === 'string') say(`Peers skipped: ${compared}`);
    else for (const [name, value] of Object.entries(compared)) if (name.startsWith('ratioTo')) figures[name] = value;
  }
  report('throughput', figures, options.json, { kafka: 'Apache Kafka 4.1.1, one broker on the same cores' });
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
