import { hostname } from 'node:os';
import { z } from 'zod';
import { modalities } from '../../models/biometric/specifications.ts';

/** How a job takes its share of the work: the same for every pipeline but for the name of its group. */
const jobKeys = (pipeline: string) => ({
  groupId: z.string().min(1).default(`ebbtide-${pipeline}`).describe('Consumer group of the pipeline'),
  instanceId: z
    .string()
    .min(1)
    .default(`${hostname()}-${process.pid}`)
    .describe(
      'Name of this instance, unique in its group; one that comes back under its name fences its predecessor at once',
    ),
  batchSize: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(4000)
    .describe('Messages processed at once at most, 1 to 100000; fewer where they are large'),
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
});

/** How the lifecycle pipeline runs; `lifecycle` in `ebbtide.yaml`. Its policy is `policy.lifecycle`. */
export const lifecycleConfigSchema = z.strictObject({
  ...jobKeys('lifecycle'),
  model: z.string().default('shipped').describe('Folder of the anomaly model, or shipped'),
});

export type LifecycleConfig = z.infer<typeof lifecycleConfigSchema>;

/** How the scope pipeline runs; `scope` in `ebbtide.yaml`. Its policy is `policy.scope`. */
export const scopeConfigSchema = z.strictObject({
  ...jobKeys('scope'),
  model: z
    .string()
    .default('default')
    .describe('Folder of a trained scope model, or default: signs of misuse that need no training'),
});

export type ScopeConfig = z.infer<typeof scopeConfigSchema>;

const comparator = z
  .string()
  .optional()
  .describe(
    'Folder of a trained comparator (ebbtide train biometric) that decides until one is promoted; without one the statistical verifiers do',
  );

/** How behaviour is compared: the same in the key host and the pipeline. */
export const riskEngineKeys = {
  comparator,
  weights: z
    .record(z.string(), z.number().min(0))
    .default({
      'keystroke.statistical': 1,
      'keystroke.comparator': 1,
      'mouse.statistical': 1,
      'typing.statistical': 0.25,
      'touch.statistical': 0.25,
      'scroll.statistical': 0.25,
      'application.statistical': 0.1,
    })
    .describe('How much each verifier counts; one that is 0 or not named is not heard'),
  enrolment: z
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .describe('Samples that must be enrolled before a person is compared, 2 to 200; until then they are learned'),
  enrolments: z
    .partialRecord(z.enum(modalities), z.number().int().min(2).max(60))
    .default({ touch: 20, application: 15 })
    .describe(
      'The same by modality where it is another, 2 to 60: stretches of typing and scrolling, movements, minutes',
    ),
  openPersons: z
    .int()
    .min(1)
    .default(1_000)
    .describe(
      'People whose baselines lie open in memory, 132 KB each at most; those of all others lie sealed in the data folder',
    ),
};

/** How behaviour is compared; see {@link riskEngineKeys}. */
export type RiskEngineConfig = Pick<KeylifeConfig, keyof typeof riskEngineKeys>;

/** How the keylife pipeline runs; `keylife` in `ebbtide.yaml`. Its policy is `policy.keylife`. */
export const keylifeConfigSchema = z.strictObject({ ...jobKeys('keylife'), ...riskEngineKeys });

export type KeylifeConfig = z.infer<typeof keylifeConfigSchema>;

/** How the preprovision pipeline runs; `preprovision` in `ebbtide.yaml`. Its policy is `policy.preprovision`. */
export const preprovisionConfigSchema = z.strictObject({
  ...jobKeys('preprovision'),
  model: z
    .string()
    .default('statistics')
    .describe('Folder of a trained access model, or statistics: forecasts that need no training'),
  waitMs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Waiting that a prepared credential saves, milliseconds, as "ebbtide report provisioning" shows it; goes with each wish and decides nothing',
    ),
});

export type PreprovisionConfig = z.infer<typeof preprovisionConfigSchema>;

/** What every job is configured with. */
export type JobConfig = Omit<ScopeConfig, 'model'>;
