import { signal } from '@preact/signals';
import { Lane } from '../../../view/lane.ts';
import type { Change } from '../../../view/protocol.ts';
import type { SubjectDetail } from '../../../view/subject.ts';
import { ApiError, get } from '../../api.ts';
import { keepEvents } from '../../connection.ts';

const limits = { historyMs: Number.MAX_SAFE_INTEGER, points: 6_000, moments: 1_000 };

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
  #early: Change[] = [];

  /** @param spanMs - how far back to read, milliseconds */
  constructor(id: string, spanMs: number) {
    this.#id = id;
    this.#spanMs = spanMs;
    // Listened to first, so that nothing falls between what was and what is
    let lost = false;
    this.#leave = keepEvents(`/api/subject/events?${new URLSearchParams({ id })}`, {
      on: { changes: (data) => this.#take(JSON.parse(data) as Change[]) },
      // What happened in between did not come
      opened: () => lost && void this.load(),
      lost: () => {
        lost = true;
      },
    });
    void this.load();
  }

  /** Read what was, anew. */
  async load(): Promise<void> {
    try {
      const detail = await get<SubjectDetail>('/api/subject', { id: this.#id, span: this.#spanMs }, this.#gone.signal);
      this.lane = new Lane(detail.id, limits, detail.lane);
      this.traits = [...detail.traits];
      const early = this.#early;
      this.#early = [];
      this.detail.value = detail;
      this.error.value = null;
      this.#take(early);
      this.version.value += 1;
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.error.value = error instanceof ApiError ? error : new ApiError(String(error), 0, '');
    }
  }

  close(): void {
    this.#gone.abort();
    this.#leave();
  }

  #take(changes: readonly Change[]): void {
    if (!this.lane) {
      this.#early.push(...changes);
      return;
    }
    for (const change of changes) {
      this.lane.apply(change);
      if (change.type === 'score') this.traits.push(change.at, change.score.severity, change.score.frequency);
    }
    if (changes.length > 0) this.version.value += 1;
  }
}
