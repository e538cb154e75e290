import { Lane } from '../view/lane.ts';
import type { Change, Snapshot } from '../view/protocol.ts';
import { View } from '../view/view.ts';

/** How the page stands with its server. */
export type ConnectionState = 'connecting' | 'live' | 'lost' | 'refused';

/** What changed, coarsely: listeners look at the view for the rest. */
export type Topic = 'lanes' | 'control' | 'status' | 'desk' | 'connection' | 'selection' | 'span';

/** What is shorter is missed by nobody, milliseconds: the server tells its time every second. */
const shortestMs = 2_000;

/** A time of which a page knows only what was left at its end. */
export interface Missed {
  /** Epoch milliseconds of the server's clock. */
  readonly from: number;
  readonly to: number;
  /** Changes in it; null where the server began anew. */
  readonly changes: number | null;
}

/** The page's copy of the view, its clock, and what the reader has chosen. */
export class Store {
  view = new View(
    { historyMs: 300_000, points: 1_000, moments: 120, lanes: 5_000 },
    { mode: null, killSwitch: false, killSwitchReason: '', thresholds: { low: 0.3, moderate: 0.6, high: 0.9 } },
  );
  connection: ConnectionState = 'connecting';
  demo = false;
  /** Milliseconds of the past that a lane shows. */
  spanMs = 120_000;
  selected: string | null = null;
  /** What the page did not see before the last snapshot; null where it saw everything, or nobody minds any more. */
  missed: Missed | null = null;
  /** Lanes that were touched since the last look, for those who redraw text. */
  readonly touched = new Set<string>();
  #offsetMs = 0;
  #frozenAt: number | null = null;
  #heardAt: number | null = null;
  #boot = '';
  readonly #listeners = new Map<Topic, (() => void)[]>();
  readonly #changeListeners = new Set<(change: Change) => void>();

  /** The server's clock; it stands while the connection is lost, because nothing is known of that time. */
  now(): number {
    return this.#frozenAt ?? Date.now() + this.#offsetMs;
  }

  on(topic: Topic, listener: () => void): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  /** @returns a function that stops it */
  onChange(listener: (change: Change) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  emit(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }

  load(snapshot: Snapshot): void {
    this.missed = this.#missedBy(snapshot);
    this.#heardAt = snapshot.now;
    this.#boot = snapshot.boot;
    this.#offsetMs = snapshot.now - Date.now();
    this.demo = snapshot.demo;
    const view = new View({ ...this.view.limits, historyMs: snapshot.historyMs }, snapshot.control);
    view.status = snapshot.status;
    view.desk = snapshot.desk;
    view.id = snapshot.id;
    for (const lane of snapshot.lanes) {
      view.lanes.set(lane.id, new Lane(lane.id, view.limits, lane));
      this.touched.add(lane.id);
    }
    this.view = view;
    for (const topic of ['lanes', 'control', 'status', 'desk'] as const) this.emit(topic);
  }

  #missedBy({ boot, id, now }: Snapshot): Missed | null {
    if (this.#heardAt === null) return null;
    const changes = boot === this.#boot ? id - this.view.id : null;
    const from = Math.min(this.#heardAt, now);
    if (changes === 0 && now - from < shortestMs) return this.missed;
    // Several in a row are one time that was missed
    const { missed } = this;
    if (!missed || from - missed.to > shortestMs) return { from, to: now, changes };
    return { from: missed.from, to: now, changes: changes === null ? null : (missed.changes ?? 0) + changes };
  }

  /** @param id - number of the last of them, as the server counts */
  take(changes: readonly Change[], id: number): void {
    const topics = new Set<Topic>();
    for (const change of changes) {
      const before = this.view.lanes.size;
      this.view.apply(change);
      if (change.type === 'status') this.#heardAt = change.at;
      if (change.type === 'control' || change.type === 'status' || change.type === 'desk') topics.add(change.type);
      else {
        this.touched.add(change.id);
        if (change.type === 'gone' || this.view.lanes.size !== before) topics.add('lanes');
      }
      for (const listener of this.#changeListeners) listener(change);
    }
    // The server counts what it tells; a page that keeps less or more would count otherwise
    this.view.id = id;
    for (const topic of topics) this.emit(topic);
  }

  connected(state: ConnectionState): void {
    if (state === 'live') this.#frozenAt = null;
    else if (this.connection === 'live') this.#frozenAt = Date.now() + this.#offsetMs;
    this.connection = state;
    this.emit('connection');
  }

  select(id: string | null): void {
    this.selected = id;
    this.emit('selection');
  }
}
