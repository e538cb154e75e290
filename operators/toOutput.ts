import { map, type OperatorFunction } from 'rxjs';
import type { Alert, DeadLetter, Decision, LifecycleState, ModelRole, Score } from '../schemas/generated/index.ts';
import type { DecidedBatch, Joined, OutputBatch, OutputRecord, Rejected, WindowEvent, WindowScore } from './batch.ts';
import type { DriftState } from './detectDrift.ts';
import type { KeyedState } from './keyedState.ts';
import type { OpenWindows } from './openWindows.ts';
import { branches } from './ttlRule.ts';
import type { PartitionTime } from './windowByKey.ts';

/** Encodes the records of one topic. */
export interface Encoder<T> {
  readonly topic: { readonly name: string };
  /** @param record - may be filled anew for the next; who keeps it keeps a copy */
  encode(record: T): Buffer;
}

export interface Encoders {
  readonly scores: Encoder<Score>;
  readonly decisions: Encoder<Decision>;
  readonly alerts: Encoder<Alert>;
  readonly deadLetters: Encoder<DeadLetter>;
  /** Absent where nothing is saved, as in a replay. */
  readonly state?: Encoder<LifecycleState>;
}

/** Where a partition stands, for its changelog. */
export interface Partition {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly state: KeyedState;
  readonly time: PartitionTime;
  readonly open: OpenWindows;
  readonly budget: number[];
  /** @default a new one */
  readonly drift?: DriftState;
}

/** Key of the partition's own record in the changelog. */
export const partitionKey = '@partition';

/** Layout of the changelog's records that this code writes and reads. */
export const stateVersion = 1;

const noState: LifecycleState = {
  subject: '',
  version: stateVersion,
  closedThrough: 0,
  model: Buffer.alloc(0),
  modelVersion: '',
  challenger: Buffer.alloc(0),
  challengerVersion: '',
  ttlMs: 0,
  changedAt: 0,
  strikes: 0,
  streak: 0,
  branch: '',
  flags: 0,
  processedOffset: 0,
  rewindOffset: 0,
  rewindTime: 0,
  controlOffset: 0,
  credentialsOffset: 0,
  labelsOffset: 0,
  modelSequence: 0,
  budget: [],
  alarmedAt: 0,
  drift: [],
};

/** A score to be filled in. */
const newScore = (pipeline: string): { -readonly [Field in keyof Score]: Score[Field] } => ({
  subject: '',
  pipeline,
  windowStart: Number.NaN,
  windowEnd: Number.NaN,
  samples: 0,
  score: Number.NaN,
  risk: Number.NaN,
  severity: Number.NaN,
  frequency: Number.NaN,
  pValue: Number.NaN,
  statistic: Number.NaN,
  learning: false,
  contributions: [],
  modelVersion: '',
  role: 'champion',
});

/**
 * Turn a decided batch into the records of its transaction: scores, decisions, alerts, dead letters, and the
 * changelog: the state of every touched subject, and from where on the rest is rebuilt from the input.
 *
 * Of messages that are read again to rebuild state nothing is written.
 */
export const toOutput = (partition: Partition, encoders: Encoders): OperatorFunction<DecidedBatch, OutputBatch> => {
  const { state, time, open } = partition;

  const scored = newScore(partition.name);

  const saveScore = (event: WindowEvent, score: WindowScore, modelVersion: string, role: ModelRole): OutputRecord => {
    scored.subject = event.subject;
    scored.windowStart = event.windowStart;
    scored.windowEnd = event.windowEnd;
    scored.samples = event.samples;
    scored.score = score.score;
    scored.risk = score.score * 100;
    scored.severity = score.severity;
    scored.frequency = score.frequency;
    scored.pValue = score.pValue;
    scored.statistic = score.statistic;
    scored.learning = score.learning;
    scored.contributions = score.contributions;
    scored.modelVersion = modelVersion;
    scored.role = role;
    return { topic: encoders.scores.topic.name, key: event.subject, value: encoders.scores.encode(scored) };
  };

  const { state: changelog } = encoders;

  /** A subject's state is about to be in the changelog: what it needs of the input begins later. */
  const covered = (slot: number) => {
    const earliest = open.earliest(state.openWindow, slot);
    state.neededFrom[slot] = earliest.offset;
    state.neededTime[slot] = earliest.time;
    state.unsaved[slot] = 0;
  };

  const saveSubject = (into: Encoder<LifecycleState>, slot: number, next: number): OutputRecord => {
    const subject = state.nameOf(slot);
    const [model, challenger] = state.carried.of(slot);
    const record: LifecycleState = {
      ...noState,
      subject,
      closedThrough: state.closedThrough[slot]!,
      model: bytesOf(model?.state),
      modelVersion: model?.version ?? '',
      challenger: bytesOf(challenger?.state),
      challengerVersion: challenger?.version ?? '',
      ttlMs: state.ttlMs[slot]!,
      changedAt: state.changedAt[slot]!,
      strikes: state.strikes[slot]!,
      streak: state.streak[slot]!,
      branch: branches[state.branch[slot]!]!,
      flags: state.flags[slot]!,
      budget: state.budget.get(slot) ?? [],
      alarmedAt: state.alarmedAt[slot]!,
      processedOffset: next,
    };
    return { topic: into.topic.name, key: subject, value: into.encode(record) };
  };

  const savePartition = (into: Encoder<LifecycleState>, next: number): OutputRecord => {
    const rewind = state.rewind() ?? { offset: next, time: time.now };
    const joined = joinedAt(time, rewind.offset);
    const record: LifecycleState = {
      ...noState,
      processedOffset: next,
      rewindOffset: rewind.offset,
      rewindTime: rewind.time,
      controlOffset: joined.control,
      credentialsOffset: joined.credentials,
      labelsOffset: joined.labels,
      modelSequence: joined.models ?? 0,
      budget: partition.budget,
      drift: partition.drift?.save() ?? [],
    };
    return { topic: into.topic.name, key: partitionKey, value: into.encode(record) };
  };

  return map((batch) => {
    const { messages, replayBefore, rejected } = batch.source;
    const next = (messages.at(-1)?.offset ?? -1) + 1;
    if (next <= replayBefore) return { records: [], next };
    const records: OutputRecord[] = [];
    for (let i = 0; i < batch.events.length; i++) {
      const event = batch.events[i]!;
      const score = batch.scores[i];
      if (!score || event.replayed) continue;
      records.push(saveScore(event, score, batch.modelVersions[i]!, 'champion'));
      const beside = batch.challenges[i];
      if (beside) records.push(saveScore(event, beside.score, beside.modelVersion, 'challenger'));
    }
    for (const decision of batch.decisions)
      records.push({
        topic: encoders.decisions.topic.name,
        key: decision.subject,
        value: encoders.decisions.encode(decision),
      });
    for (const alert of batch.alerts)
      records.push({ topic: encoders.alerts.topic.name, key: alert.subject, value: encoders.alerts.encode(alert) });
    for (const letter of rejected)
      records.push({
        topic: encoders.deadLetters.topic.name,
        key: partition.topic,
        value: encoders.deadLetters.encode(deadLetter(partition, letter)),
      });
    for (const slot of batch.touched) {
      covered(slot);
      if (changelog) records.push(saveSubject(changelog, slot, next));
    }
    for (const subject of batch.forgotten) {
      if (changelog) records.push({ topic: changelog.topic.name, key: subject, value: null });
      state.remove(subject);
    }
    if (changelog) records.push(savePartition(changelog, next));
    else forgetBefore(time, next);
    return { records, next };
  });
};

const bytesOf = (state: Float32Array | undefined): Buffer => (state ? Buffer.from(state.buffer) : Buffer.alloc(0));

/** Drop what was in force of the joined topics only before an offset. */
const forgetBefore = (time: PartitionTime, offset: number): void => {
  while (time.history.length > 1 && time.history[1]!.offset < offset) time.history.shift();
};

/** What was in force of the joined topics just before an offset; older entries of the history are dropped. */
export const joinedAt = (time: PartitionTime, offset: number): Joined => {
  forgetBefore(time, offset);
  const first = time.history[0];
  return first && first.offset < offset ? first.joined : time.joined;
};

const deadLetter = (partition: Partition, { message, error }: Rejected): DeadLetter => ({
  topic: partition.topic,
  partition: partition.partition,
  offset: message.offset,
  timestamp: message.timestamp,
  key: message.key,
  value: message.value,
  errorCode: error.code,
  message: error.message,
  pipeline: partition.name,
});
