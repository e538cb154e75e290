import { map, type OperatorFunction } from 'rxjs';
import { EbbtideError } from '../schemas/errors.ts';
import type { Clock } from '../schemas/generated/index.ts';
import type { DecodedBatch, InputMessage, Joined, WindowEvent, WindowedBatch } from './batch.ts';
import { dropImplausible, plausible } from './implausibleTimes.ts';
import { flag, type KeyedState } from './keyedState.ts';
import { OpenWindows } from './openWindows.ts';
import { Reused } from './reused.ts';
import { TumblingWindows } from './tumblingWindows.ts';

/** How windows are cut, taken from the policy in force. */
export interface WindowRules {
  readonly windowMs: number;
  readonly graceMs: number;
  readonly silenceMs: number;
  readonly maxAheadMs: number;
  readonly maxPastMs: number;
}

/** Counts of what windowing saw; the caller reads and resets them. */
export interface WindowCounts {
  samples: number;
  late: number;
  /** Samples that cannot be true: NaN, infinite, negative, or of an implausible time. */
  rejected: number;
}

/** Where a partition's event time stands. */
export interface PartitionTime {
  /** Largest event time seen, of clock records and of messages' first samples, epoch milliseconds. */
  now: number;
  /** What is in force of the joined topics. */
  joined: Joined;
  /** Where what is in force changed: offset of the clock record and what it said, oldest first. */
  readonly history: { readonly offset: number; readonly joined: Joined }[];
}

/** Windows after which a subject's state is saved at the latest: between, it is rebuilt from the input. */
export const savedAfterWindows = 6;

/** Scratch space beyond this is given back once the burst that needed it is through, numbers. */
const keptNumbers = 262_144;

/** A subject that was silent for this long is forgotten, ms of event time; it begins anew when it returns. */
export const forgottenAfterMs = 86_400_000;

/**
 * Cut each subject's samples into event-time windows and close them as the partition's time passes.
 *
 * Time is the largest of clock records and messages' first samples. All that closes does so at a message, so the
 * outcome depends on the sequence of messages alone and not on how they were batched. Samples of windows that have
 * closed are late: their message is rejected as `RECORD_LATE`, its other samples count. So it is with samples of an
 * implausible time. A message is rejected once, however many of its samples are.
 *
 * Events and aggregates are used again for the next batch, once this one has left the chain.
 *
 * @param state - the partition's subjects
 * @param time - the partition's event time
 * @param rulesAt - the rules in force given the offset of `control` and the event time
 * @param metrics - metrics in a sample
 * @param counts - is added to
 * @param open - the partition's open windows
 */
export const windowByKey = (
  state: KeyedState,
  time: PartitionTime,
  rulesAt: (joined: Joined, time: number) => WindowRules,
  metrics: number,
  counts: WindowCounts,
  open: OpenWindows = new OpenWindows(metrics),
): OperatorFunction<DecodedBatch, WindowedBatch> => {
  let rules = rulesAt(time.joined, time.now);
  let windows = new TumblingWindows({ sizeMs: rules.windowMs, graceMs: rules.graceMs });
  let events: WindowEvent[] = [];
  let aggregates = new Float64Array(0);
  let idle: number[] = [];
  let forgotten: string[] = [];

  const reused = new Reused(newEvent);
  const place = { offset: Number.NaN, now: Number.NaN, before: Number.NaN };

  /** An event of this moment, of which the caller fills in the rest. */
  const emit = (kind: WindowEvent['kind'], slot: number, replayed: boolean, row?: number) => {
    const at = events.length * open.stride;
    if (at + open.stride > aggregates.length) {
      const larger = new Float64Array(Math.max(aggregates.length * 2, open.stride * 64));
      larger.set(aggregates);
      aggregates = larger;
    }
    if (row === undefined) aggregates.fill(0, at, at + open.stride);
    else
      for (let i = 0, from = row * open.stride; i < open.stride; i++) aggregates[at + i] = open.aggregates[from + i]!;
    const event = reused.next();
    event.kind = kind;
    event.subject = state.nameOf(slot);
    event.slot = slot;
    event.time = time.now;
    event.replayed = replayed;
    event.joined = time.joined;
    events.push(event);
    return event;
  };

  const closeDue = (replayed: boolean) => {
    if (open.nextClose > time.now) return;
    open.closeDue(state.openWindow, time.now, (row) => {
      const slot = open.subject[row]!;
      const through = state.closedThrough[slot]!;
      state.closedThrough[slot] = open.end[row]!;
      state.unsaved[slot]!++;
      const event = emit('window', slot, replayed, row);
      event.windowStart = open.start[row]!;
      event.windowEnd = open.end[row]!;
      event.elapsedMs = open.end[row]! - (through || open.start[row]!);
      event.samples = open.samples[row]!;
    });
  };

  /** Subjects whose telemetry stopped, and those whose windows were never saved because they stopped. */
  const sweep = (offset: number, replayed: boolean) => {
    const silent: [string, number][] = [];
    for (const [subject, slot] of state.entries()) {
      const through = state.closedThrough[slot]!;
      if (state.openWindow[slot]! >= 0 || through === 0 || offset < state.coveredBefore[slot]!) continue;
      if (time.now - through > forgottenAfterMs && state.flags[slot]! & flag.silent) forgotten.push(subject);
      else if (state.unsaved[slot]! > 0 && time.now - through > savedAfterWindows * rules.windowMs) idle.push(slot);
      if (time.now - through >= rules.silenceMs && !(state.flags[slot]! & flag.silent)) silent.push([subject, slot]);
    }
    silent.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, slot] of silent) {
      state.flags[slot]! |= flag.silent;
      const through = state.closedThrough[slot]!;
      const event = emit('silence', slot, replayed);
      event.windowStart = through;
      event.windowEnd = through + rules.silenceMs;
      event.elapsedMs = rules.silenceMs;
      event.samples = 0;
    }
  };

  /** Time passes, and with it what lapses. */
  const advance = (now: number) => {
    time.now = now;
    rules = rulesAt(time.joined, now);
    if (rules.windowMs !== windows.sizeMs || rules.graceMs !== windows.graceMs)
      windows = new TumblingWindows({ sizeMs: rules.windowMs, graceMs: rules.graceMs });
  };

  const tick = (offset: number, clock: Clock, replayed: boolean) => {
    time.joined = {
      control: Math.max(time.joined.control, clock.controlOffset),
      credentials: Math.max(time.joined.credentials, clock.credentialsOffset),
      labels: Math.max(time.joined.labels, clock.labelsOffset),
      models: Math.max(time.joined.models ?? 0, clock.modelSequence),
    };
    time.history.push({ offset, joined: time.joined });
    advance(Math.max(time.now, clock.time));
    closeDue(replayed);
    sweep(offset, replayed);
  };

  return map((batch) => {
    if (aggregates.length > keptNumbers) aggregates = new Float64Array(0);
    reused.begin();
    events = [];
    idle = [];
    forgotten = [];
    const { messages, subjects, firstRow, samples, clocks, rejected } = batch;
    const { values, width } = samples;
    const undecodable = rejected.length;
    let seen = 0;
    /** Reject a message, together with what decoding left out of it. */
    const reject = (message: InputMessage, error: EbbtideError) => {
      while (seen < undecodable && rejected[seen]!.message.offset < message.offset) seen++;
      const last = rejected.length - 1;
      const at = rejected[seen]?.message === message ? seen : rejected[last]?.message === message ? last : -1;
      if (at < 0) rejected.push({ message, error });
      else rejected[at] = { message, error: joinErrors(rejected[at]!.error, error) };
    };
    counts.rejected += batch.refusedSamples;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const replayed = message.offset < batch.replayBefore;
      const clock = clocks.get(i);
      if (clock) tick(message.offset, clock, replayed);
      const start = firstRow[i]!;
      let last = firstRow[i + 1]!;
      if (start === last) continue;
      if (!plausible(values, width, start, last, message.timestamp, rules)) {
        const { kept, error } = dropImplausible(values, width, start, last, message.timestamp, rules);
        if (!replayed) {
          counts.rejected += last - kept;
          reject(message, error);
        }
        last = kept;
        if (start === last) continue;
      }
      const first = values[start * width]!;
      const before = time.now;
      if (first > time.now) {
        advance(first);
        closeDue(replayed);
      }
      const slot = state.slotOf(subjects[i]!);
      const through = state.closedThrough[slot]!;
      let late = 0;
      let row = -1;
      place.offset = message.offset;
      place.now = time.now;
      place.before = before;
      for (let at = start; at < last; ) {
        const sampled = values[at * width]!;
        if (sampled < through) {
          late++;
          at++;
          continue;
        }
        row = open.locate(state.openWindow, slot, sampled, windows, through, place);
        if (message.offset < state.neededFrom[slot]!) {
          state.neededFrom[slot] = message.offset;
          state.neededTime[slot] = before;
        }
        const from = at++;
        const opens = Math.max(through, open.start[row]!);
        const closes = open.end[row]!;
        while (at < last && values[at * width]! >= opens && values[at * width]! < closes) at++;
        open.add(row, values, width, from, at);
      }
      if (row >= 0 && message.offset >= state.coveredBefore[slot]!) state.flags[slot]! &= ~flag.silent;
      if (!replayed) {
        counts.samples += last - start;
        counts.late += late;
        if (late > 0) reject(message, lateError(late, through));
      }
    }
    return { source: batch, events, aggregates, idle, forgotten };
  });
};

const newEvent = (): { -readonly [Field in keyof WindowEvent]: WindowEvent[Field] } => ({
  kind: 'window',
  subject: '',
  slot: 0,
  windowStart: Number.NaN,
  windowEnd: Number.NaN,
  elapsedMs: Number.NaN,
  samples: 0,
  time: Number.NaN,
  replayed: false,
  joined: { control: 0, credentials: 0, labels: 0 },
});

const lateError = (late: number, through: number) =>
  new EbbtideError(
    'RECORD_LATE',
    `${late} samples belong to windows that closed by ${new Date(through).toISOString()}; they were not scored`,
    { late },
  );

const joinErrors = (first: EbbtideError, second: EbbtideError) =>
  new EbbtideError(first.code, `${first.message}; ${second.message}`, { ...second.details, ...first.details });
