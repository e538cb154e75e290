import type { Alert } from '../../../schemas/generated/Alert.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { Effect } from '../../../schemas/generated/Effect.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import type { EntryLabel, QueueEntry, QueuePage } from '../view/desk.ts';
import type { Change } from '../view/protocol.ts';
import { alertSeverity, decisionSeverity, isHarsh, reachOf, stakeKey } from '../view/stake.ts';
import { Episodes, type Folded } from './episodes.ts';
import { SortedEntries } from './sortedEntries.ts';

/** What the queue is asked for. Empty texts let everything through. */
export interface QueueQuery {
  readonly state: 'waiting' | 'labelled' | 'all';
  /** Words that must all be in the subject, its name or the text. */
  readonly q: string;
  readonly action: QueueEntry['action'] | '';
  readonly pipeline: string;
  readonly mode: Decision['mode'] | '';
  readonly outcome: Effect['outcome'] | '';
  /** Least severity, 0 to 1. */
  readonly least: number;
  readonly offset: number;
  readonly limit: number;
}

/** How much is kept of what was said of a decision that has not come. */
const mostEach = 16;

/** What the queue asks of the register. */
export interface Acquaintances {
  nameOf(subject: string): string;
  othersOf(subject: string): number;
}

type Writable = { -readonly [K in keyof Omit<QueueEntry, 'episode'>]: QueueEntry[K] } & {
  key: number;
  /** Lower case, for searching. */
  words: string;
};

/** Decisions that took something away and alerts, by what is at stake; bounded. */
export class Queue {
  readonly #entries = new Map<string, Writable>();
  readonly #sorted = new SortedEntries<Writable>();
  /** Entries of a subject, for labels that name no decision. */
  readonly #bySubject = new Map<string, Set<Writable>>();
  /** What was said of decisions that have not come yet: topics are read side by side. */
  readonly #early = new Map<string, (Label | Effect)[]>();
  readonly #episodes = new Episodes<Writable>();
  #found: { readonly key: string; readonly list: readonly Folded<Writable>[] } | undefined;
  readonly #most: number;
  readonly #known: Acquaintances;
  version = 0;
  /** What was said of decisions that had not come, and was given up since the start. */
  forgottenEarly = 0;

  /** @param most - entries kept, 1 and up; beyond, the ones with least at stake go */
  constructor(most: number, known: Acquaintances) {
    this.#most = most;
    this.#known = known;
  }

  /** Rows that nobody has judged: an episode is one. */
  get waiting(): number {
    return this.#episodes.waiting;
  }

  get size(): number {
    return this.#entries.size;
  }

  hear(change: Change): void {
    if (change.type === 'decision') this.#decision(change.decision);
    else if (change.type === 'alert') this.#alert(change.alert);
    else if (change.type === 'effect') this.#effect(change.effect);
    else if (change.type === 'label') this.#label(change.label);
  }

  entry(id: string): QueueEntry | undefined {
    const found = this.#entries.get(id);
    return found && shown({ entry: found, from: found.at, to: found.at });
  }

  /** One page of those that fit, an episode a row, the greatest stake first. */
  find(query: QueueQuery): QueuePage {
    const list = this.#list(query);
    const { offset, limit } = query;
    return {
      version: this.version,
      total: list.length,
      waiting: this.waiting,
      offset,
      entries: list.slice(offset, offset + limit).map(shown),
    };
  }

  /** Pages of one list come out of one list, as long as nothing changes. */
  #list({ offset: _offset, limit: _limit, ...filter }: QueueQuery): readonly Folded<Writable>[] {
    const key = JSON.stringify([this.version, filter]);
    if (this.#found?.key !== key)
      this.#found = { key, list: this.#episodes.fold(this.#sorted.filter(filterOf(filter))) };
    return this.#found.list;
  }

  /** The register is known now: names and reach of what came before it. */
  acquaint(): void {
    for (const entry of this.#entries.values())
      this.#change(entry, { name: this.#known.nameOf(entry.subject), others: this.#known.othersOf(entry.subject) });
  }

  #decision(decision: Decision): void {
    if (!isHarsh(decision)) return;
    const { decisionId, subject, pipeline, action, mode, reason, windowEnd, decidedAt } = decision;
    const known = this.#entries.get(decisionId);
    // A decision is delivered again where a job was cut off before its commit
    if (known && known.action !== 'alert') return;
    const severity = Math.max(decisionSeverity(decision), known?.severity ?? 0);
    const found = { pipeline, action: action as QueueEntry['action'], mode, text: reason, windowEnd, decisionId };
    if (known) this.#change(known, { ...found, severity });
    else this.#add({ ...this.#newEntry(decisionId, subject, decidedAt, severity), ...found });
  }

  #alert(alert: Alert): void {
    const { alertId, subject, pipeline, kind, summary, decisionId, at } = alert;
    const id = decisionId ?? alertId;
    const known = this.#entries.get(id);
    const severity = alertSeverity(alert);
    if (known) this.#change(known, { kind, severity: Math.max(severity, known.severity) });
    else this.#add({ ...this.#newEntry(id, subject, at, severity), pipeline, kind, text: summary, decisionId });
  }

  #effect(effect: Effect): void {
    if (!isHarsh({ action: effect.action })) return;
    const known = this.#entries.get(effect.decisionId);
    if (!known) this.#await(effect.decisionId, effect);
    else if (known.outcome !== effect.outcome) this.#change(known, { outcome: effect.outcome });
  }

  #await(decisionId: string, said: Label | Effect): void {
    const waiting = this.#early.get(decisionId) ?? [];
    // Most decisions come within moments; others, of before the queue began, never
    this.#early.delete(decisionId);
    this.#early.set(decisionId, [...waiting, said].slice(-mostEach));
    if (waiting.length >= mostEach) this.forgottenEarly += 1;
    if (this.#early.size <= this.#most) return;
    const [oldest, dropped] = this.#early.entries().next().value!;
    this.#early.delete(oldest);
    this.forgottenEarly += dropped.length;
  }

  #label(label: Label): void {
    const { decisionId, verdict, by, note, at } = label;
    const named = decisionId === null ? undefined : this.#entries.get(decisionId);
    if (decisionId !== null && !named) this.#await(decisionId, label);
    const meant = named ? [named] : decisionId === null ? this.#alertsIn(label) : [];
    for (const entry of meant) {
      const others = entry.labels.filter((one) => one.by !== by);
      const said: EntryLabel[] = verdict === 'withdrawn' || verdict === 'unknown' ? [] : [{ verdict, by, note, at }];
      this.#change(entry, { labels: [...others, ...said] });
    }
  }

  /** What a label of a time is about: a decision has labels of its own. */
  #alertsIn({ subject, windowStart, windowEnd, at: labelledAt }: Label): Writable[] {
    const [from, to] = [windowStart ?? 0, windowEnd ?? labelledAt + 1];
    return [...(this.#bySubject.get(subject) ?? [])].filter(
      ({ decisionId, at }) => decisionId === null && at >= from && at < to,
    );
  }

  #newEntry(id: string, subject: string, at: number, severity: number): Writable {
    return {
      id,
      subject,
      name: this.#known.nameOf(subject),
      pipeline: '',
      action: 'alert',
      mode: 'enforce',
      kind: '',
      text: '',
      decisionId: null,
      windowEnd: null,
      severity,
      others: this.#known.othersOf(subject),
      at,
      outcome: null,
      labels: [],
      key: 0,
      words: '',
    };
  }

  #add(entry: Writable): void {
    entry.key = keyOf(entry);
    entry.words = wordsOf(entry);
    this.#entries.set(entry.id, entry);
    this.#sorted.add(entry);
    this.#episodes.join(entry);
    const siblings = this.#bySubject.get(entry.subject);
    if (siblings) siblings.add(entry);
    else this.#bySubject.set(entry.subject, new Set([entry]));
    this.version += 1;
    if (this.#entries.size > this.#most) this.#remove(this.#sorted.least()!);
    const early = this.#early.get(entry.id) ?? [];
    this.#early.delete(entry.id);
    for (const said of early) 'verdict' in said ? this.#label(said) : this.#effect(said);
  }

  #change(entry: Writable, changed: Partial<Writable>): void {
    const waited = entry.labels.length === 0;
    const key = keyOf({ ...entry, ...changed });
    const moves = key !== entry.key;
    if (moves) this.#sorted.remove(entry);
    Object.assign(entry, changed, { key });
    if (changed.text !== undefined || changed.name !== undefined || changed.kind !== undefined)
      entry.words = wordsOf(entry);
    if (moves) this.#sorted.add(entry);
    this.#episodes.judged(entry, waited);
    this.version += 1;
  }

  #remove(entry: Writable): void {
    this.#sorted.remove(entry);
    this.#entries.delete(entry.id);
    const siblings = this.#bySubject.get(entry.subject);
    siblings?.delete(entry);
    if (siblings?.size === 0) this.#bySubject.delete(entry.subject);
    this.#episodes.leave(entry);
  }
}

const keyOf = ({ severity, others, at }: Writable): number => stakeKey(severity, reachOf(others), at);
const wordsOf = ({ subject, name, text, kind }: Writable): string =>
  `${subject}\n${name}\n${text}\n${kind}`.toLowerCase();
const shown = ({
  entry: { key: _key, words: _words, ...entry },
  others = [],
  from,
  to,
}: Folded<Writable>): QueueEntry => ({
  ...entry,
  episode: { ids: [entry.id, ...others.map(({ id }) => id)], from, to },
});

const filterOf = (query: Omit<QueueQuery, 'offset' | 'limit'>): ((entry: Writable) => boolean) => {
  const words = query.q.toLowerCase().split(/\s+/).filter(Boolean);
  return (entry) => {
    if (query.state !== 'all' && (entry.labels.length === 0) !== (query.state === 'waiting')) return false;
    if (query.action !== '' && entry.action !== query.action) return false;
    if (query.pipeline !== '' && entry.pipeline !== query.pipeline) return false;
    if (query.mode !== '' && entry.mode !== query.mode) return false;
    if (query.outcome !== '' && entry.outcome !== query.outcome) return false;
    if (entry.severity < query.least) return false;
    return words.every((word) => entry.words.includes(word));
  };
};
