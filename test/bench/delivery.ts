/**
 * How long a hand-over takes from the request to the answer, of what was prepared and of what is made on demand, over HTTP
 * against a real OpenBao that writes to disk. See README.md beside this file.
 *
 *   npm run bench -- delivery [--json] [--requests 300]
 */
import type { TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { provisionRig } from '../infra/provision/rig.ts';
import { until } from '../infra/vault/rig.ts';
import { sealableOpenBao } from '../services/openbao.ts';
import { median, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, requests: { type: 'string', default: '300' } },
});
const requests = Number(options.requests);
const warmUp = 30;

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
};

const teardown: (() => unknown)[] = [];
try {
  const t = { after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext;
  const rig = await provisionRig(t, await sealableOpenBao(t));
  const alice = await rig.user('alice');
  await rig.engine({ mintsPerSecond: 1_000, mintsBurst: 1_000 });
  const delivery = await rig.delivery();
  const total = requests + warmUp;
  say(`Preparing ${total} credentials`);
  for (let n = 0; n < total; n++) await rig.want('alice', `web-${n}`, { windowEnd: Date.now() + 3_600_000 });
  const prepared = () =>
    new Set(rig.provisions.filter(({ state }) => state === 'preProvisioned').map(({ pair }) => pair));
  await until('all to be prepared', () => prepared().size === total);

  const ask = async (n: number, wanted: string): Promise<number> => {
    const began = performance.now();
    const { body } = await delivery.get(`web-${n}`, alice.token);
    const took = performance.now() - began;
    if (body.served !== wanted) throw new Error(`Request ${n} was served as ${String(body.served)}, wanted ${wanted}`);
    await alice.open(body.sealed);
    return took;
  };
  const measure = async (wanted: string): Promise<number[]> => {
    say(`${requests} requests, one after the other: ${wanted}`);
    const took: number[] = [];
    for (let n = 0; n < total; n++) {
      const ms = await ask(n, wanted);
      if (n >= warmUp) took.push(ms);
    }
    return took;
  };
  const handOver = await measure('preProvisioned');
  const generate = await measure('generated');
  report(
    'delivery',
    {
      handOverP50Ms: round(median(handOver), 2),
      handOverP99Ms: round(quantile(handOver, 0.99), 2),
      generateP50Ms: round(median(generate), 2),
      generateP99Ms: round(quantile(generate, 0.99), 2),
      // The median of both: above 1, a prepared credential comes that many times sooner
      ratioToGenerate: round(median(generate) / median(handOver), 2),
      requests,
    },
    options.json,
  );
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
