import { Subject } from 'rxjs';
import { defaultScopeModel, type ScopeModel } from '../../models/scope/model.ts';
import type { InputBatch, InputMessage, OutputBatch, OutputRecord } from '../../operators/batch.ts';
import { type ModelChoice, onlyModel } from '../../operators/modelChoice.ts';
import { noScopeCounts } from '../../operators/scope/batch.ts';
import { Credentials } from '../../operators/scope/credentials.ts';
import type { ScopeEncoders, ScopePartition } from '../../operators/scope/toScopeOutput.ts';
import { partitionKey } from '../../operators/toOutput.ts';
import { ordersAsOf, scopePolicies } from '../../pipelines/orders.ts';
import { scope } from '../../pipelines/scope.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { emptyCall } from '../../schemas/apiCall.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlRecord, type Setting } from '../../schemas/control.ts';
import type {
  Alert,
  ApiClock,
  ApiTelemetry,
  Control,
  DeadLetter,
  Decision,
  Label,
  ScopeOverride,
  ScopeState,
  Score,
} from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';

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
export class CallLog {
  readonly messages: InputMessage[] = [];
  readonly #codecs: ScopeCodecs;

  constructor(codecs: ScopeCodecs) {
    this.#codecs = codecs;
  }

  raw(value: Buffer | null, timestamp: number): void {
    this.messages.push({ offset: this.messages.length, timestamp, key: null, value });
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

/** The scope chain on one partition, in memory, with its changelog; `crash` begins anew from that. */
export class ScopeDriver {
  readonly control = new VersionedTable<Control>();
  readonly labels = new VersionedTable<Label>();
  readonly refused: string[] = [];
  readonly records: OutputRecord[] = [];
  readonly counts = noScopeCounts();
  readonly changelog = new Map<string, ScopeState>();
  readonly #codecs: ScopeCodecs;
  readonly #log: CallLog;
  readonly #models: ModelChoice<ScopeModel>;
  #input = new Subject<InputBatch>();
  #settle!: (output: OutputBatch) => void;
  #fail!: (error: unknown) => void;
  partition!: ScopePartition;
  /** Next offset to read. */
  position = 0;
  replayBefore = 0;

  constructor(codecs: ScopeCodecs, log: CallLog, model: ScopeModel | ModelChoice<ScopeModel> = defaultScopeModel) {
    this.#codecs = codecs;
    this.#log = log;
    this.#models = 'inForce' in model ? model : onlyModel(model);
    this.crash();
  }

  /** Put a setting in force from the next clock record that knows of it. */
  set(setting: Setting): number {
    const record = controlRecord(setting, 0);
    this.control.set(record.key, this.control.position, record);
    return this.control.position;
  }

  /** Lose everything but what was written, and restore. */
  crash(): void {
    const credentials = new Credentials();
    const own = this.changelog.get(partitionKey);
    for (const [key, record] of this.changelog) if (key !== partitionKey) credentials.load(record);
    const joined = {
      control: own?.controlOffset ?? 0,
      credentials: 0,
      labels: own?.labelsOffset ?? 0,
      models: own?.modelSequence ?? 0,
    };
    this.position = own?.rewindOffset ?? 0;
    this.replayBefore = own?.processedOffset ?? 0;
    this.partition = {
      name: 'scope',
      topic: topics.telemetryApi.name,
      partition: 0,
      credentials,
      time: { now: own?.rewindTime ?? 0, joined, history: [{ offset: this.position - 1, joined }] },
      budget: [...(own?.budget ?? [])],
    };
    const orders = ordersAsOf('scope', this.control, ({ key }) => this.refused.push(key), scopePolicies);
    this.#input = new Subject();
    this.#input
      .pipe(
        scope({
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
        }),
      )
      .subscribe({ next: (output) => this.#settle(output), error: (error) => this.#fail(error) });
  }

  /** Process the next `count` messages; `commit` false loses what came of them, as a crash before the commit does. */
  async step(count: number, commit = true): Promise<void> {
    const messages = this.#log.messages.slice(this.position, this.position + count);
    if (messages.length === 0) return;
    const output = new Promise<OutputBatch>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.#input.next({ messages, replayBefore: this.replayBefore });
    const { records } = await output;
    this.position += messages.length;
    if (!commit) return;
    for (const record of records) {
      if (record.topic !== topics.stateScope.name) this.records.push(record);
      else if (record.value) this.changelog.set(record.key!, this.#codecs.encoders.state.decode(record.value));
      else this.changelog.delete(record.key!);
    }
  }

  async run(batchSize = 1000): Promise<this> {
    while (this.position < this.#log.messages.length) await this.step(batchSize);
    return this;
  }

  #decoded<T>(topic: string, codec: TopicCodec<T>): T[] {
    return this.records
      .filter((record) => record.topic === topic && record.value)
      .map((record) => codec.decode(record.value!));
  }

  get decisions(): Decision[] {
    return this.#decoded(topics.decisions.name, this.#codecs.encoders.decisions);
  }

  get scores(): Score[] {
    return this.#decoded(topics.scores.name, this.#codecs.encoders.scores);
  }

  get alerts(): Alert[] {
    return this.#decoded(topics.alerts.name, this.#codecs.encoders.alerts);
  }

  get deadLetters(): DeadLetter[] {
    return this.#decoded(topics.deadLetters.name, this.#codecs.encoders.deadLetters);
  }

  /** Overrides in the order in which they were written; null is a tombstone. */
  get overrides(): [credential: string, override: ScopeOverride | null][] {
    return this.records
      .filter(({ topic }) => topic === topics.scopeOverrides.name)
      .map(({ key, value }) => [key!, value && this.#codecs.encoders.overrides.decode(value)]);
  }
}
