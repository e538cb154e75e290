import { type OperatorFunction, Subject } from 'rxjs';
import type { InputBatch, InputMessage, OutputBatch, OutputRecord } from '../../operators/batch.ts';
import { partitionKey } from '../../operators/toOutput.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import { controlRecord, type Setting } from '../../schemas/control.ts';
import type { Alert, Control, DeadLetter, Decision, Score } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';

/** A partition's log under construction. */
export class MessageLog {
  readonly messages: InputMessage[] = [];

  raw(value: Buffer | null, timestamp: number): void {
    this.messages.push({ offset: this.messages.length, timestamp, key: null, value });
  }
}

/** What every pipeline writes with. */
export interface ChainEncoders<State> {
  readonly scores: TopicCodec<Score>;
  readonly decisions: TopicCodec<Decision>;
  readonly alerts: TopicCodec<Alert>;
  readonly deadLetters: TopicCodec<DeadLetter>;
  readonly state: TopicCodec<State>;
}

/** What a chain begins from. */
export interface Restored {
  readonly chain: OperatorFunction<InputBatch, OutputBatch>;
  /** Offset from which telemetry is read again. */
  readonly start: number;
  readonly replayBefore: number;
}

/** A pipeline's chain on one partition, in memory, with its changelog; `crash` begins anew from that. */
export abstract class ChainDriver<State> {
  readonly control = new VersionedTable<Control>();
  readonly refused: string[] = [];
  readonly records: OutputRecord[] = [];
  readonly changelog = new Map<string, State>();
  readonly #encoders: ChainEncoders<State>;
  readonly #log: MessageLog;
  #input = new Subject<InputBatch>();
  #settle!: (output: OutputBatch) => void;
  #fail!: (error: unknown) => void;
  /** Next offset to read. */
  position = 0;
  replayBefore = 0;

  constructor(encoders: ChainEncoders<State>, log: MessageLog) {
    this.#encoders = encoders;
    this.#log = log;
  }

  /**
   * The chain, brought up from the changelog.
   *
   * @param own - the partition's own record
   * @param others - those of subjects, by key
   */
  protected abstract restore(own: State | undefined, others: Iterable<State>): Restored;

  /** Put a setting in force from the next clock record that knows of it. */
  set(setting: Setting): number {
    const record = controlRecord(setting, 0);
    this.control.set(record.key, this.control.position, record);
    return this.control.position;
  }

  /** Lose everything but what was written, and restore. */
  crash(): void {
    const others = [...this.changelog].filter(([key]) => key !== partitionKey).map(([, record]) => record);
    const { chain, start, replayBefore } = this.restore(this.changelog.get(partitionKey), others);
    this.position = start;
    this.replayBefore = replayBefore;
    this.#input = new Subject();
    this.#input.pipe(chain).subscribe({ next: (output) => this.#settle(output), error: (error) => this.#fail(error) });
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
    const { state } = this.#encoders;
    for (const record of records) {
      if (record.topic !== state.topic.name) this.records.push(record);
      else if (record.value) this.changelog.set(record.key!, state.decode(record.value));
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
    return this.#decoded(topics.decisions.name, this.#encoders.decisions);
  }

  get scores(): Score[] {
    return this.#decoded(topics.scores.name, this.#encoders.scores);
  }

  get alerts(): Alert[] {
    return this.#decoded(topics.alerts.name, this.#encoders.alerts);
  }

  get deadLetters(): DeadLetter[] {
    return this.#decoded(topics.deadLetters.name, this.#encoders.deadLetters);
  }
}
