import { defaultScopeModel, type ScopeModel } from '../../models/scope/model.ts';
import { type ModelChoice, onlyModel } from '../../operators/modelChoice.ts';
import { noScopeCounts } from '../../operators/scope/batch.ts';
import { Credentials } from '../../operators/scope/credentials.ts';
import type { ScopeEncoders, ScopePartition } from '../../operators/scope/toScopeOutput.ts';
import { ordersAsOf, scopePolicies } from '../../pipelines/orders.ts';
import { scope } from '../../pipelines/scope.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { emptyCall } from '../../schemas/apiCall.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  Alert,
  ApiClock,
  ApiTelemetry,
  DeadLetter,
  Decision,
  Label,
  ScopeOverride,
  ScopeState,
  Score,
} from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import { ChainDriver, MessageLog, type Restored } from './chainDriver.ts';

/** Encodes what tests write. */
export const openScopeCodecs = async () => {
  const registry = new MemoryRegistry();
  const encoders = {
    scores: await TopicCodec.open<Score>(topics.scores, registry),
    decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
    overrides: await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry),
    alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
    deadLetters: await TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
    state: await TopicCodec.open<ScopeState>(topics.stateScope, registry),
  } satisfies ScopeEncoders;
  return { registry, encoders, calls: await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry) };
};

export type ScopeCodecs = Awaited<ReturnType<typeof openScopeCodecs>>;

/** A partition's log of API calls under construction. */
export class CallLog extends MessageLog {
  readonly #codecs: ScopeCodecs;

  constructor(codecs: ScopeCodecs) {
    super();
    this.#codecs = codecs;
  }

  call(frontendCredential: string, time: number, rest: Partial<ApiTelemetry> = {}, received = time): void {
    const call = { ...emptyCall, service: 'orders', operation: 'GET /orders/{id}', status: 200, ...rest };
    this.raw(this.#codecs.calls.encode({ ...call, frontendCredential, time }), received);
  }

  clock(time: number, joined: Partial<ApiClock> = {}): void {
    this.raw(
      this.#codecs.calls.encode({
        ...emptyCall,
        time,
        clock: { time, controlOffset: 0, labelsOffset: 0, modelSequence: 0, ...joined },
      }),
      time,
    );
  }
}

/** The scope chain on one partition. */
export class ScopeDriver extends ChainDriver<ScopeState> {
  readonly labels = new VersionedTable<Label>();
  readonly counts = noScopeCounts();
  readonly #codecs: ScopeCodecs;
  readonly #models: ModelChoice<ScopeModel>;
  partition!: ScopePartition;

  constructor(codecs: ScopeCodecs, log: CallLog, model: ScopeModel | ModelChoice<ScopeModel> = defaultScopeModel) {
    super(codecs.encoders, log);
    this.#codecs = codecs;
    this.#models = 'inForce' in model ? model : onlyModel(model);
    this.crash();
  }

  protected restore(own: ScopeState | undefined, others: Iterable<ScopeState>): Restored {
    const credentials = new Credentials();
    for (const record of others) credentials.load(record);
    const joined = {
      control: own?.controlOffset ?? 0,
      credentials: 0,
      labels: own?.labelsOffset ?? 0,
      models: own?.modelSequence ?? 0,
    };
    const start = own?.rewindOffset ?? 0;
    this.partition = {
      name: 'scope',
      topic: topics.telemetryApi.name,
      partition: 0,
      credentials,
      time: { now: own?.rewindTime ?? 0, joined, history: [{ offset: start - 1, joined }] },
      budget: [...(own?.budget ?? [])],
    };
    const orders = ordersAsOf('scope', this.control, ({ key }) => this.refused.push(key), scopePolicies);
    const chain = scope({
      partition: this.partition,
      reader: this.#codecs.calls,
      topics: {
        orders: (at, time) => orders(at.control, time),
        label: (subject, at) => this.labels.at(subject, at.labels),
        reached: ({ controlOffset, labelsOffset }) =>
          this.control.reached(controlOffset) ?? this.labels.reached(labelsOffset),
      },
      models: this.#models,
      encoders: this.#codecs.encoders,
      counts: this.counts,
    });
    return { chain, start, replayBefore: own?.processedOffset ?? 0 };
  }

  /** Overrides in the order in which they were written; null is a tombstone. */
  get overrides(): [credential: string, override: ScopeOverride | null][] {
    return this.records
      .filter(({ topic }) => topic === topics.scopeOverrides.name)
      .map(({ key, value }) => [key!, value && this.#codecs.encoders.overrides.decode(value)]);
  }
}
