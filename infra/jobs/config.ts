import { hostname } from 'node:os';
import { z } from 'zod';

/** How the lifecycle pipeline runs; `lifecycle` in `ebbtide.yaml`. Its policy is `policy.lifecycle`. */
export const lifecycleConfigSchema = z.strictObject({
  groupId: z.string().min(1).default('ebbtide-lifecycle').describe('Consumer group of the pipeline'),
  instanceId: z
    .string()
    .min(1)
    .default(`${hostname()}-${process.pid}`)
    .describe(
      'Name of this instance, unique in its group; one that comes back under its name fences its predecessor at once',
    ),
  batchSize: z.number().int().min(1).max(100_000).default(1000).describe('Messages processed at once, 1 to 100000'),
  commitEveryMs: z
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(20)
    .describe('Least time between two transactions, milliseconds; more costs latency and spares the broker'),
  clockMs: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(1000)
    .describe('How often a clock record goes into each partition, milliseconds; 0 writes none, where others do'),
  sessionTimeoutMs: z
    .number()
    .int()
    .min(6000)
    .max(300_000)
    .default(10_000)
    .describe('An instance without a heartbeat for this long is thought dead, milliseconds'),
  model: z.string().default('shipped').describe('Folder of the anomaly model, or shipped'),
});

export type LifecycleConfig = z.infer<typeof lifecycleConfigSchema>;
