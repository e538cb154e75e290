import type { Change } from './view/protocol.ts';

/** A credential whose behaviour is still scored lives, even where its renewals were not heard of. */
const scoredMs = 60_000;

/** How many credentials live, lanes or not: eight bytes and an identifier each. */
export class Alive {
  readonly #until = new Map<string, number>();

  hear(change: Change): void {
    switch (change.type) {
      case 'credential':
        if (change.credential.status === 'ended') this.#until.delete(change.id);
        else this.#extend(change.id, change.credential.expiresAt);
        break;
      case 'score':
        if (this.#until.has(change.id)) this.#extend(change.id, change.at + scoredMs);
        break;
      case 'effect':
        if (change.effect.action === 'revoke' && change.effect.outcome === 'enforced') this.#until.delete(change.id);
        else if (change.effect.expiresAt !== null) this.#until.set(change.id, change.effect.expiresAt);
        break;
    }
  }

  /** @param now - epoch milliseconds; whoever ended before is forgotten */
  count(now: number): number {
    for (const [id, until] of this.#until) if (until < now) this.#until.delete(id);
    return this.#until.size;
  }

  #extend(id: string, until: number): void {
    this.#until.set(id, Math.max(this.#until.get(id) ?? 0, until));
  }
}
