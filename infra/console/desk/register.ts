import type { Credential } from '../../../schemas/generated/Credential.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { SubjectEntry, SubjectPage } from '../view/desk.ts';
import type { Change } from '../view/protocol.ts';

/** What a list of subjects is asked for. */
export interface SubjectQuery {
  /** Words that must all be in identifier, function, instance, event or role. */
  readonly q: string;
  readonly status: 'all' | 'alive' | 'ended' | 'unregistered';
  readonly sort: 'recent' | 'score' | 'expiry' | 'name';
  readonly offset: number;
  readonly limit: number;
}

interface Known {
  readonly id: string;
  /** Lower case, for searching. */
  text: string;
  pipeline: string;
  credential: Credential | null;
  expiresAt: number;
  score: number | null;
  lastAction: Decision['action'] | null;
  activeAt: number;
}

const cachedMs = 1_000;
const textOf = (id: string, { function: name, instance, event, role }: Credential): string =>
  [id, name, instance, event, role].join('\n').toLowerCase();

/** Every subject that the console has heard of, in memory: the whole register, and whoever is scored or decided about. */
export class Register {
  readonly #known = new Map<string, Known>();
  /** Live credentials by what they share: `entity/…`, `role/…`, `function/…`. */
  readonly #groups = new Map<string, Set<string>>();
  readonly #most: number;
  readonly #now: () => number;
  /** Epoch milliseconds. */
  #prunedAt: number;
  #cache: { readonly key: string; readonly at: number; readonly list: readonly Known[] } | undefined;

  /** @param most - subjects kept, 1 and up; beyond, the ones of which nothing was heard for longest go */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
    this.#prunedAt = now();
  }

  get size(): number {
    return this.#known.size;
  }

  /** A record of the register. */
  register(credential: Credential, at: number): void {
    const known = this.#of(credential.credentialId, at);
    this.#leave(known);
    known.credential = credential;
    known.text = textOf(known.id, credential);
    known.expiresAt = credential.expiresAt;
    if (credential.status !== 'ended' && credential.expiresAt > this.#now())
      for (const group of groupsOf(credential)) this.#join(group, known.id);
  }

  hear(change: Change): void {
    if (change.type === 'score') {
      const known = this.#of(change.id, change.at);
      known.pipeline = change.score.pipeline;
      known.score = change.score.learning ? null : change.score.score;
    } else if (change.type === 'decision') {
      const known = this.#of(change.id, change.at);
      known.pipeline = change.decision.pipeline;
      if (change.decision.action !== 'keep') known.lastAction = change.decision.action;
    } else if (change.type === 'effect') {
      const { effect } = change;
      const known = this.#of(change.id, change.at);
      if (effect.action === 'revoke' && effect.outcome === 'enforced') known.expiresAt = effect.appliedAt;
      else if (effect.expiresAt !== null) known.expiresAt = effect.expiresAt;
      if (known.expiresAt <= effect.appliedAt) this.#leave(known);
    }
  }

  /** Those whose life ran out share nothing any more. Once a while. @returns whether a life has run out since it was asked last */
  prune(): boolean {
    const now = this.#now();
    let ended = false;
    for (const known of this.#known.values()) {
      if (!known.credential || known.expiresAt > now) continue;
      this.#leave(known);
      ended ||= known.expiresAt > this.#prunedAt;
    }
    this.#prunedAt = now;
    return ended;
  }

  credentialOf(id: string): Credential | null {
    return this.#known.get(id)?.credential ?? null;
  }

  entryOf(id: string): SubjectEntry | undefined {
    const known = this.#known.get(id);
    return known && this.#entry(known);
  }

  nameOf(id: string): string {
    return this.credentialOf(id)?.function || id;
  }

  /** How many other live credentials share its entity, or else its role. */
  othersOf(id: string): number {
    const credential = this.credentialOf(id);
    if (!credential) return 0;
    const group = this.#groups.get(groupsOf(credential)[0]!);
    return group ? group.size - Number(group.has(id)) : 0;
  }

  /** Other live credentials that share something with one, by what they share; at most `most` of each. */
  relatedOf(
    id: string,
    most: number,
  ): { readonly by: string; readonly of: string; readonly total: number; readonly entries: SubjectEntry[] }[] {
    const credential = this.credentialOf(id);
    if (!credential) return [];
    return groupsOf(credential).flatMap((group) => {
      const others = [...(this.#groups.get(group) ?? [])].filter((other) => other !== id);
      if (others.length === 0) return [];
      const entries = others.slice(0, most).flatMap((other) => this.entryOf(other) ?? []);
      const stroke = group.indexOf('/');
      return [{ by: group.slice(0, stroke), of: group.slice(stroke + 1), total: others.length, entries }];
    });
  }

  /** One page of those that fit. Its order stands for a second, so that pages of one list fit together. */
  find(query: SubjectQuery): SubjectPage {
    const { offset, limit } = query;
    const list = this.#list(query);
    return {
      total: list.length,
      known: this.#known.size,
      offset,
      entries: list.slice(offset, offset + limit).map((known) => this.#entry(known)),
    };
  }

  #list({ q, status, sort }: SubjectQuery): readonly Known[] {
    const now = this.#now();
    const key = JSON.stringify([q, status, sort]);
    if (this.#cache?.key === key && now - this.#cache.at < cachedMs) return this.#cache.list;
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const list: Known[] = [];
    for (const known of this.#known.values())
      if ((status === 'all' || statusOf(known, now) === status) && words.every((word) => known.text.includes(word)))
        list.push(known);
    list.sort(orders[sort]);
    this.#cache = { key, at: now, list };
    return list;
  }

  #of(id: string, at: number): Known {
    let known = this.#known.get(id);
    if (!known) {
      if (this.#known.size >= this.#most) this.#forget();
      known = {
        id,
        text: id.toLowerCase(),
        pipeline: '',
        credential: null,
        expiresAt: 0,
        score: null,
        lastAction: null,
        activeAt: at,
      };
      this.#known.set(id, known);
    }
    known.activeAt = Math.max(known.activeAt, at);
    return known;
  }

  /** Let go of a tenth at once, ended ones first, so that a full register is not sorted for each newcomer. */
  #forget(): void {
    const now = this.#now();
    const rank = (known: Known): number => (statusOf(known, now) === 'alive' ? 1e15 : 0) + known.activeAt;
    const oldest = [...this.#known.values()].sort((left, right) => rank(left) - rank(right));
    for (const known of oldest.slice(0, Math.max(1, Math.floor(this.#most / 10)))) {
      this.#leave(known);
      this.#known.delete(known.id);
    }
  }

  #join(group: string, id: string): void {
    const members = this.#groups.get(group);
    if (members) members.add(id);
    else this.#groups.set(group, new Set([id]));
  }

  #leave({ id, credential }: Known): void {
    if (!credential) return;
    for (const group of groupsOf(credential)) {
      const members = this.#groups.get(group);
      members?.delete(id);
      if (members?.size === 0) this.#groups.delete(group);
    }
  }

  #entry(known: Known): SubjectEntry {
    const { id, credential, pipeline, score, lastAction, activeAt } = known;
    return {
      id,
      name: credential?.function || id,
      instance: credential?.instance ?? '',
      role: credential?.role ?? '',
      kind: credential?.kind ?? (pipeline === 'scope' ? 'frontend' : 'user'),
      pipeline,
      expiresAt: credential ? known.expiresAt : null,
      status: statusOf(known, this.#now()),
      score,
      lastAction,
      activeAt,
    };
  }
}

const groupsOf = ({ entityId, role, function: name }: Credential): string[] => [
  ...(entityId ? [`entity/${entityId}`] : []),
  ...(role ? [`role/${role}`] : []),
  ...(name ? [`function/${name}`] : []),
];

const statusOf = ({ credential, expiresAt }: Known, now: number): SubjectEntry['status'] =>
  !credential ? 'unregistered' : credential.status === 'ended' || expiresAt <= now ? 'ended' : 'alive';

const orders: Record<SubjectQuery['sort'], (left: Known, right: Known) => number> = {
  recent: (left, right) => right.activeAt - left.activeAt,
  score: (left, right) => (right.score ?? -1) - (left.score ?? -1),
  expiry: (left, right) => left.expiresAt - right.expiresAt,
  name: (left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0),
};
