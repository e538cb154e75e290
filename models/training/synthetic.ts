import { resourceMetrics } from '../features/resource.ts';
import type { Random } from './random.ts';
import type { Columns } from './windows.ts';

/** Rough sizes of the metrics in a small process, in their units. */
const typical: readonly number[] = [0.2, 2e8, 2e4, 2e4, 1e5, 1e5, 5, 0.2, 20, 5, 20, 15];

/** Metrics that change slowly and by little: memory, connections, threads. */
const steady = new Set([1, 10, 11]);

/**
 * Invent the telemetry of a process: a shared load that wanders and beats, bursts of work, long quiet, slow growth.
 * It stands for regimes that recordings of busy servers lack, and for nothing measured.
 *
 * @param rows samples to make
 */
export const syntheticProcess = (random: Random, rows: number): Columns => {
  const quiet = random.next() < 0.35;
  const period = random.integer(20, 400);
  const beat = random.next() < 0.5 ? random.next() * 0.6 : 0;
  const persistence = 0.5 + 0.49 * random.next();
  const wander = 0.05 + 0.4 * random.next();
  const burstStart = quiet ? 0.002 + 0.03 * random.next() : random.next() < 0.5 ? 0.01 * random.next() : 0;
  const burstEnd = 0.05 + 0.4 * random.next();
  const burstSize = 1 + 2.5 * random.next();
  const load = new Float64Array(rows);
  let level = 0;
  let bursting = false;
  for (let row = 0; row < rows; row++) {
    level = persistence * level + wander * Math.sqrt(1 - persistence ** 2) * random.normal();
    bursting = bursting ? random.next() > burstEnd : random.next() < burstStart;
    load[row] = level + beat * Math.sin((2 * Math.PI * row) / period) + (bursting ? burstSize : 0);
  }
  return resourceMetrics.map((_, metric) => {
    const column = new Float64Array(rows);
    const slow = steady.has(metric);
    const size = typical[metric]! * Math.exp(1.5 * random.normal());
    const coupling = slow ? 0.1 * random.next() : random.next() < 0.7 ? 0.3 + random.next() : 0;
    const noise = slow ? 0.01 * random.next() : 0.02 + 0.4 * random.next() ** 2;
    const growth = slow && random.next() < 0.3 ? (random.next() * 0.5) / rows : 0;
    const idle = !slow && quiet && random.next() < 0.8;
    for (let row = 0; row < rows; row++) {
      const active = !idle || load[row]! > 0.8;
      const amount = size * Math.exp(coupling * load[row]! + noise * random.normal() + growth * row);
      column[row] = active ? amount : 0.01 * size * random.next();
    }
    return column;
  });
};
