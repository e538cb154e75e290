import { signal } from '@preact/signals';
import { Lane } from '../../../view/lane.ts';
import type { Change } from '../../../view/protocol.ts';
import type { SubjectDetail } from '../../../view/subject.ts';
import { ApiError, get } from '../../api.ts';
import { keepEvents } from '../../connection.ts';
import { mayPass, retryMs } from '../../fresh.ts';

const limits = { historyMs: Number.MAX_SAFE_INTEGER, points: 6_000, moments: 1_000 };

const patienceMs = 500;

/** One subject: what was, read once, and what happens, as it happens. */
export class LiveSubject {
  readonly detail = signal<SubjectDetail | null>(null);
  readonly error = signal<ApiError | null>(null);
  /** Counts up with each change of the lane. */
  readonly version = signal(0);
  lane: Lane | null = null;
  /** Triples of (time, severity, frequency). */
  traits: number[] = [];
  readonly #id: string;
  readonly #spanMs: number;
  readonly #gone = new AbortController();
  readonly #leave: () => void;
  /** What came while it is read what was: the answer may be without it. */
  #early: Change[] = [];
  #loading = false;
  /** It was lost what happened since the reading began: read once more after it. */
  #owed = false;
  #retry: number | undefined;

  /** @param spanMs - how far back to read, milliseconds */
  constructor(id: string, spanMs: number) {
    this.#id = id;
    this.#spanMs = spanMs;
    // Listened to first, so that nothing falls between what was and what is; a stream that is slow to open holds nothing up
    this.#retry = window.setTimeout(() => void this.load(), patienceMs);
    this.#leave = keepEvents(`/api/subject/events?${new URLSearchParams({ id })}`, {
      on: { changes: (data) => this.#take(JSON.parse(data) as Change[]) },
      // What happened before did not come
      opened: () => void this.load(),
    });
  }

  /** Read what was, anew: one reading at a time, and what failed in passing once more in a while. */
  async load(): Promise<void> {
    if (this.#loading) {
      this.#owed = true;
      return;
    }
    this.#loading = true;
    clearTimeout(this.#retry);
    do {
      this.#owed = false;
      await this.#read();
    } while (this.#owed && !this.#gone.signal.aborted);
    this.#loading = false;
    // What is shown has all of it; where nothing is, whoever reads next does
    if (this.lane) this.#early = [];
  }

  async #read(): Promise<void> {
    try {
      const detail = await get<SubjectDetail>('/api/subject', { id: this.#id, span: this.#spanMs }, this.#gone.signal);
      this.lane = new Lane(detail.id, limits, detail.lane);
      this.traits = [...detail.traits];
      this.detail.value = detail;
      this.error.value = null;
      this.#apply(this.#early.splice(0));
      this.version.value += 1;
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.error.value = error instanceof ApiError ? error : new ApiError(String(error), 0, '');
      // A console that has just begun has not heard of everybody yet
      if (mayPass(error) || this.error.value.status === 404)
        this.#retry = window.setTimeout(() => void this.load(), retryMs);
    }
  }

  close(): void {
    this.#gone.abort();
    clearTimeout(this.#retry);
    this.#leave();
  }

  #take(changes: readonly Change[]): void {
    if (this.#loading || !this.lane) this.#early.push(...changes);
    // What is shown already goes on meanwhile
    this.#apply(changes);
  }

  #apply(changes: readonly Change[]): void {
    if (!this.lane) return;
    for (const change of changes) {
      if (isKnown(this.lane, change)) continue;
      this.lane.apply(change);
      if (change.type === 'score') this.traits.push(change.at, change.score.severity, change.score.frequency);
    }
    if (changes.length > 0) this.version.value += 1;
  }
}

/** Whether a change that came while the lane was read is in what was read, where it would count twice. */
const isKnown = ({ lastScore, alerts, labels }: Lane, change: Change): boolean => {
  if (change.type === 'alert') return alerts.some(({ alertId }) => alertId === change.alert.alertId);
  if (change.type === 'label') return labels.some(({ at, by }) => at === change.label.at && by === change.label.by);
  return (
    change.type === 'score' &&
    lastScore?.pipeline === change.score.pipeline &&
    change.score.windowEnd <= lastScore.windowEnd
  );
};
