/**
 * How long a hand-over takes from the request to the answer, of what was prepared and of what is made on demand (certificates of
 * the SSH authority with their key pairs, passwords, accounts of a PostgreSQL), over HTTP
 * against a real OpenBao that writes to disk (`--memory`: that does not). Requests come one after the other with a pause between them, as those of people
 * do. See README.md beside this file.
 *
 *   npm run bench -- delivery [--json] [--requests 300] [--only web|box|db] [--memory]
 */
import { loadavg } from 'node:os';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ProvisionRig, provisionRig, targets } from '../infra/provision/rig.ts';
import { databaseEngine, postgres, postgresBinaries } from '../infra/vault/postgres.ts';
import { until } from '../infra/vault/rig.ts';
import { openBao, sealableOpenBao } from '../services/openbao.ts';
import { median, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    requests: { type: 'string', default: '300' },
    only: { type: 'string' },
    memory: { type: 'boolean', default: false },
  },
});
const requests = Number(options.requests);
const warmUp = 30;
const pauseMs = 40;

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
};

/** Accounts of a real PostgreSQL, through the database engine. */
const prepareDatabase = async (t: TestContext, { vault }: ProvisionRig, binaries: string): Promise<void> => {
  const { port, sql } = await postgres(t, binaries);
  await until('PostgreSQL to answer', () => sql('select 1').catch(() => undefined));
  await databaseEngine(vault, port);
  await vault.root.write('database/roles/ebbtide-access', {
    db_name: 'pg',
    creation_statements: [`CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';`],
    default_ttl: '1h',
    max_ttl: '4h',
  });
};

const teardown: (() => unknown)[] = [];
try {
  const t = { after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext;
  const rig = await provisionRig(t, options.memory ? await openBao(t) : await sealableOpenBao(t));
  const alice = await rig.user('alice');
  const all = { ...targets, 'db-*': { method: 'dynamicLease' } };
  const delivery = await rig.delivery({ targets: all });
  const total = requests + warmUp;
  const binaries = postgresBinaries();
  if (binaries) await prepareDatabase(t, rig, binaries);
  else say('PostgreSQL is not installed: database accounts are left out');
  const kinds = { '': 'web', Password: 'box', ...(binaries ? { Lease: 'db' } : {}) };

  const ask = async (vm: string, wanted: string): Promise<number> => {
    await sleep(pauseMs);
    const began = performance.now();
    const { body } = await delivery.get(vm, alice.token);
    const took = performance.now() - began;
    if (body.served !== wanted) throw new Error(`${vm} was served as ${String(body.served)}, wanted ${wanted}`);
    await alice.open(body.sealed);
    return took;
  };
  const measure = async (machine: string, wanted: string): Promise<number[]> => {
    say(`  ${requests} requests: ${wanted}`);
    const took: number[] = [];
    for (let n = 0; n < total; n++) {
      const ms = await ask(`${machine}-${n}`, wanted);
      if (n >= warmUp) took.push(ms);
    }
    return took;
  };
  const figures: Record<string, number> = {};
  for (const [of, machine] of Object.entries(kinds)) {
    if (options.only !== undefined && machine !== options.only) continue;
    say(`${machine}: preparing ${total}`);
    const engine = await rig.engine({ targets: all, mintsPerSecond: 1_000, mintsBurst: 1_000 });
    for (let n = 0; n < total; n++) await rig.want('alice', `${machine}-${n}`, { windowEnd: Date.now() + 3_600_000 });
    const ready = () => rig.provisions.filter(({ state, vm }) => state === 'preProvisioned' && vm.startsWith(machine));
    while (new Set(ready().map(({ pair }) => pair)).size < total) await sleep(200);
    await engine.close();
    const handOver = await measure(machine, 'preProvisioned');
    const generate = await measure(machine, 'generated');
    figures[`handOver${of}P50Ms`] = round(median(handOver), 2);
    figures[`handOver${of}P99Ms`] = round(quantile(handOver, 0.99), 2);
    figures[`generate${of}P50Ms`] = round(median(generate), 2);
    figures[`generate${of}P99Ms`] = round(quantile(generate, 0.99), 2);
    // Of the medians: above 1, a prepared credential comes that many times sooner
    figures[`ratioToGenerate${of}`] = round(median(generate) / median(handOver), 2);
  }
  report('delivery', { ...figures, requests }, options.json, {
    pauseMs,
    storage: options.memory ? 'memory' : 'raft',
    load1: round(loadavg()[0]!, 1),
  });
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
