import type { Credential, Translation } from '../../schemas/generated/index.ts';

/** What is known of a credential's holder. */
interface Held {
  /** Names by which the holder may be a user. */
  readonly names: readonly string[];
  readonly entityId: string | null;
  /** From when on its risk is of no interest, epoch milliseconds. */
  readonly untilMs: number;
}

/** Registered credentials between two looks for those that ended long ago. */
const purgeEvery = 10_000;

/**
 * Whose a credential is. Of the register: the user is its function (the alias under which Vault knows its holder) or its
 * instance (the person, of a key that was issued to an endpoint); and all credentials of one Vault entity are one holder's.
 * Of the translation table: the owner that an administrator names.
 */
export class Owners {
  readonly #held = new Map<string, Held>();
  readonly #byName = new Map<string, Set<string>>();
  readonly #byEntity = new Map<string, Set<string>>();
  readonly #frontends = new Map<string, { readonly credential: string; readonly owner: string }>();
  readonly #byOwner = new Map<string, Map<string, number>>();
  readonly #memoryMs: number;
  readonly #now: () => number;
  #registered = 0;

  /** @param memoryMs - how long the risk of a credential counts after its end, milliseconds */
  constructor(memoryMs: number, now: () => number) {
    this.#memoryMs = memoryMs;
    this.#now = now;
  }

  /** Take an entry of the register in; undefined is a tombstone. One that has ended counts as long as its risk does. */
  register(credentialId: string, credential: Credential | undefined): void {
    this.#forget(credentialId);
    if (!credential || credential.expiresAt + this.#memoryMs < this.#now()) return;
    const { entityId, expiresAt, function: alias, instance } = credential;
    const names = [...new Set([alias, instance])].filter((name) => name !== '');
    this.#held.set(credentialId, { names, entityId, untilMs: expiresAt + this.#memoryMs });
    for (const name of names) add(this.#byName, name, credentialId);
    if (entityId) add(this.#byEntity, entityId, credentialId);
    if (++this.#registered % purgeEvery === 0)
      for (const [id, { untilMs }] of [...this.#held]) if (untilMs < this.#now()) this.#forget(id);
  }

  /** Take a row of the translation table in; undefined is a tombstone. */
  translated(key: string, row: Translation | undefined): void {
    const before = this.#frontends.get(key);
    this.#frontends.delete(key);
    if (before) count(this.#byOwner, before.owner, before.credential, -1);
    if (!row?.owner) return;
    this.#frontends.set(key, { credential: row.frontendCredential, owner: row.owner });
    count(this.#byOwner, row.owner, row.frontendCredential, 1);
  }

  /** Credentials of a user, by the subjects of their scores and decisions. */
  credentialsOf(user: string): ReadonlySet<string> {
    const found = new Set([...(this.#byName.get(user) ?? []), ...(this.#byOwner.get(user)?.keys() ?? [])]);
    for (const id of [...found]) {
      const entityId = this.#held.get(id)?.entityId;
      for (const other of (entityId && this.#byEntity.get(entityId)) || []) found.add(other);
    }
    return found;
  }

  #forget(credentialId: string): void {
    const held = this.#held.get(credentialId);
    if (!held) return;
    this.#held.delete(credentialId);
    for (const name of held.names) drop(this.#byName, name, credentialId);
    if (held.entityId) drop(this.#byEntity, held.entityId, credentialId);
  }
}

const add = (into: Map<string, Set<string>>, key: string, value: string): void => {
  const of = into.get(key);
  if (of) of.add(value);
  else into.set(key, new Set([value]));
};

const drop = (from: Map<string, Set<string>>, key: string, value: string): void => {
  const of = from.get(key);
  of?.delete(value);
  if (of?.size === 0) from.delete(key);
};

/** A credential has a row for each service, and goes with its last. */
const count = (of: Map<string, Map<string, number>>, owner: string, credential: string, by: number): void => {
  const credentials = of.get(owner) ?? new Map<string, number>();
  const rows = (credentials.get(credential) ?? 0) + by;
  if (rows > 0) credentials.set(credential, rows);
  else credentials.delete(credential);
  if (credentials.size > 0) of.set(owner, credentials);
  else of.delete(owner);
};
