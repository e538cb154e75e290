import { resourceLayout } from '../../infra/jobs/layout.ts';
import type { Joined } from '../../operators/batch.ts';
import type { CredentialFacts } from '../../operators/decideTtl.ts';
import { DriftState } from '../../operators/detectDrift.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import type { ModelChoice } from '../../operators/modelChoice.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import type { WindowModel } from '../../operators/score.ts';
import type { Encoders, Partition } from '../../operators/toOutput.ts';
import { lifecycle } from '../../pipelines/lifecycle.ts';
import { lifecyclePolicies, ordersAsOf } from '../../pipelines/orders.ts';
import { loadState } from '../../pipelines/restoreState.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  Alert,
  Clock,
  DeadLetter,
  Decision,
  LifecycleState,
  ResourceSample,
  ResourceTelemetry,
  Score,
} from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import { ChainDriver, MessageLog, type Restored } from './chainDriver.ts';

/** Encodes what tests write. */
export const openCodecs = async () => {
  const registry = new MemoryRegistry();
  const encoders = {
    scores: await TopicCodec.open<Score>(topics.scores, registry),
    decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
    alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
    deadLetters: await TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
    state: await TopicCodec.open<LifecycleState>(topics.stateLifecycle, registry),
  } satisfies Encoders;
  return { registry, encoders, telemetry: await TelemetryCodec.open(registry, resourceLayout) };
};

export type Codecs = Awaited<ReturnType<typeof openCodecs>>;

const noMetrics = Object.fromEntries(resourceLayout.metrics.map((name) => [name, null])) as unknown as Omit<
  ResourceSample,
  'time' | 'custom'
>;

export const sampleAt = (time: number, values: Partial<ResourceSample> = {}): ResourceSample => ({
  ...noMetrics,
  custom: {},
  ...values,
  time,
});

/** A partition's log of samples under construction. */
export class Log extends MessageLog {
  readonly #codecs: Codecs;

  constructor(codecs: Codecs) {
    super();
    this.#codecs = codecs;
  }

  telemetry(credentialId: string, samples: ResourceSample[], received = samples.at(-1)?.time ?? 0): void {
    this.#write({ credentialId, host: 'h', sentAt: received, samples, clock: null }, received);
  }

  clock(time: number, joined: Partial<Clock> = {}): void {
    const clock = { time, controlOffset: 0, credentialsOffset: 0, labelsOffset: 0, modelSequence: 0, ...joined };
    this.#write({ credentialId: '', host: '', sentAt: time, samples: [], clock }, time);
  }

  #write(record: ResourceTelemetry, timestamp: number): void {
    this.raw(this.#codecs.telemetry.records.encode(record), timestamp);
  }
}

/** A model whose score is the mean CPU of the window, smoothed by its carried state. */
export const cpuModel: WindowModel = {
  version: 'cpu',
  spec: { size: 1 },
  stateSize: 2,
  async score(vectors, states, _times, n) {
    const score = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      states[i * 2] = states[i * 2]! * 0.5 + vectors[i]! * 0.5;
      states[i * 2 + 1]!++;
      score[i] = Math.min(1, Math.round(states[i * 2]! * 1e6) / 1e6);
    }
    const zeros = new Float64Array(n);
    return {
      score,
      severity: score,
      frequency: zeros,
      pValue: zeros,
      statistic: score,
      learning: new Uint8Array(n),
      contributions: () => [],
    };
  },
};

/** {@link cpuModel} with p-values, an anchor and parts, so that alarms, drift and straying have something to go by. */
export const alarmingModel: WindowModel = {
  ...cpuModel,
  spec: { size: 1, features: [{ name: 'cpuCores.level' }] },
  alarms: { clusterWindows: 2, quietWindows: 3 },
  async score(vectors, states, times, n) {
    const columns = await cpuModel.score(vectors, states, times, n);
    return {
      ...columns,
      pValue: columns.score.map((score) => 1 - score),
      strayed: columns.score.map((score) => score * 1.5),
      strayedFeature: () => 'cpuCores.level',
      parts: Float32Array.from(columns.score),
    };
  },
};

const cpuFeature = {
  size: 1,
  fill: (aggregates: Float64Array, offset: number, out: Float32Array, at: number) => {
    out[at] = aggregates[offset]! > 0 ? aggregates[offset + 1]! / aggregates[offset]! : 0;
  },
};

/** The lifecycle chain on one partition. */
export class LifecycleDriver extends ChainDriver<LifecycleState> {
  readonly credentials = new VersionedTable<CredentialFacts>();
  readonly counts = { samples: 0, late: 0, rejected: 0, unregistered: 0, withheld: 0 };
  readonly #codecs: Codecs;
  readonly #models: ModelChoice<WindowModel> | undefined;
  readonly #model: WindowModel;
  partition!: Partition;

  /**
   * @param models - which models are in force; `model` everywhere when absent
   * @param model - whose scores are decided on
   */
  constructor(codecs: Codecs, log: Log, models?: ModelChoice<WindowModel>, model: WindowModel = cpuModel) {
    super(codecs.encoders, log);
    this.#model = model;
    this.#codecs = codecs;
    this.#models = models;
    this.crash();
  }

  protected restore(own: LifecycleState | undefined, others: Iterable<LifecycleState>): Restored {
    const state = new KeyedState();
    for (const record of others) loadState(state, record);
    const joined: Joined = {
      control: own?.controlOffset ?? 0,
      credentials: own?.credentialsOffset ?? 0,
      labels: own?.labelsOffset ?? 0,
      models: own?.modelSequence ?? 0,
    };
    const start = own?.rewindOffset ?? 0;
    this.partition = {
      name: 'lifecycle',
      topic: topics.telemetryResource.name,
      partition: 0,
      state,
      time: { now: own?.rewindTime ?? 0, joined, history: [{ offset: start - 1, joined }] },
      open: new OpenWindows(resourceLayout.metrics.length),
      budget: [...(own?.budget ?? [])],
      drift: new DriftState(own?.drift ?? []),
    };
    const orders = ordersAsOf('lifecycle', this.control, ({ key }) => this.refused.push(key), lifecyclePolicies);
    const chain = lifecycle({
      partition: this.partition,
      reader: this.#codecs.telemetry,
      joined: {
        credential: (subject, at) => this.credentials.at(subject, at.credentials),
        orders: (at, time) => orders(at.control, time),
        reached: (at) => this.control.reached(at.control) ?? this.credentials.reached(at.credentials),
      },
      features: cpuFeature,
      model: this.#model,
      ...(this.#models ? { models: this.#models } : {}),
      encoders: this.#codecs.encoders,
      counts: this.counts,
    });
    return { chain, start, replayBefore: own?.processedOffset ?? 0 };
  }
}
