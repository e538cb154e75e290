import type { Joined, OutputRecord } from '../../operators/batch.ts';
import type { JoinedTopics } from '../../operators/decideTtl.ts';
import type { TelemetryReader } from '../../operators/decodeTelemetry.ts';
import type { Featurizer } from '../../operators/featurize.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import type { ModelChoice } from '../../operators/modelChoice.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import type { WindowModel } from '../../operators/score.ts';
import type { Encoder, Encoders } from '../../operators/toOutput.ts';
import type { Alert, DeadLetter, Decision, Score } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { RunningTask } from '../job/runningTask.ts';
import { lifecycle } from '../lifecycle.ts';
import type { HistoricPart } from './history.ts';

/** What came of one partition's part of a batch. */
export interface LaneOutput {
  readonly partition: number;
  readonly warmUp: boolean;
  readonly scores: readonly Score[];
  readonly decisions: readonly Decision[];
  readonly alerts: readonly Alert[];
  readonly rejected: readonly DeadLetter[];
  /** Scores, decisions and alerts as the live job writes them; their values are empty where nobody wants bytes. */
  readonly records: readonly OutputRecord[];
}

/** A model and a policy that a replay tries out. */
export interface LaneParts {
  readonly model: WindowModel & { readonly spec: Featurizer };
  /** Models that were promoted in the history; absent where one model scores it all. */
  readonly pool?: (ModelChoice<WindowModel> & { reached(joined: Joined): Promise<void> | undefined }) | undefined;
  readonly reader: TelemetryReader;
  readonly encoders: Encoders;
  /** Whether records are encoded, which takes time. */
  readonly bytes: boolean;
  joined(partition: number): JoinedTopics;
}

interface Seen {
  scores: Score[];
  decisions: Decision[];
  alerts: Alert[];
  rejected: DeadLetter[];
}

const nothing = Buffer.alloc(0);
const written: readonly string[] = [topics.scores.name, topics.decisions.name, topics.alerts.name];

/**
 * The live job's own chain over each partition from a beginning without state, with one model and one policy.
 *
 * Nothing of it is saved: the changelog is left out, since a replay that ends is begun again.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #tasks = new Map<number, { task: RunningTask; seen: Seen }>();
  /** See `WindowCounts` and `DecisionCounts`. */
  readonly counts = { samples: 0, late: 0, unregistered: 0, withheld: 0, rejected: 0 };

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Process a batch: its partitions at the same time, the parts of one partition in their order. */
  async run(parts: readonly HistoricPart[]): Promise<LaneOutput[]> {
    const byPartition = new Map<number, HistoricPart[]>();
    for (const part of parts) byPartition.set(part.partition, [...(byPartition.get(part.partition) ?? []), part]);
    const outputs = await Promise.all(
      [...byPartition.values()].map(async (list) => {
        const done: LaneOutput[] = [];
        for (const part of list) done.push(await this.#process(part));
        return done;
      }),
    );
    return outputs.flat();
  }

  close(): void {
    for (const { task } of this.#tasks.values()) task.close();
  }

  async #process({ partition, messages, warmUp }: HistoricPart): Promise<LaneOutput> {
    let opened = this.#tasks.get(partition);
    if (!opened) {
      opened = this.#open(partition);
      this.#tasks.set(partition, opened);
    }
    const { task, seen } = opened;
    const kept: OutputRecord[] = [];
    const { records } = await task.process(messages);
    if (this.#parts.bytes) for (const record of records) if (written.includes(record.topic)) kept.push(record);
    const output = { ...seen, partition, warmUp, records: kept };
    Object.assign(seen, nothingSeen());
    return output;
  }

  #open(partition: number): { task: RunningTask; seen: Seen } {
    const { model, pool, reader, encoders, bytes, joined } = this.#parts;
    const seen = nothingSeen();
    const watch = <T>(encoder: Encoder<T>, see: (record: T) => void): Encoder<T> => ({
      topic: encoder.topic,
      encode(record) {
        see(record);
        return bytes ? encoder.encode(record) : nothing;
      },
    });
    const joinedAtStart = { control: 0, credentials: 0, labels: 0 };
    const chain = lifecycle({
      partition: {
        name: 'lifecycle',
        topic: topics.telemetryResource.name,
        partition,
        state: new KeyedState(),
        time: { now: 0, joined: joinedAtStart, history: [{ offset: -1, joined: joinedAtStart }] },
        open: new OpenWindows(reader.metrics),
        budget: [],
      },
      reader,
      // A history is there as a whole, so only models have to be waited for
      joined: { ...joined(partition), reached: (at) => pool?.reached(at) },
      features: model.spec,
      model,
      ...(pool ? { models: pool } : {}),
      encoders: {
        scores: watch(encoders.scores, (record) => seen.scores.push({ ...record })),
        decisions: watch(encoders.decisions, (record) => seen.decisions.push(record)),
        alerts: watch(encoders.alerts, (record) => seen.alerts.push(record)),
        deadLetters: watch({ topic: encoders.deadLetters.topic, encode: () => nothing }, (record) =>
          seen.rejected.push(record),
        ),
      },
      counts: this.counts,
    });
    return { task: new RunningTask({ chain, start: 0, replayBefore: 0 }), seen };
  }
}

const nothingSeen = (): Seen => ({ scores: [], decisions: [], alerts: [], rejected: [] });
