import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { RequestOptions, VaultAnswer, VaultClient } from './client.ts';

/** What is done to one path of a Vault so that it is as wanted. */
export interface VaultChange {
  readonly path: string;
  readonly kind: 'create' | 'change' | 'same';
  /** Keys that differ, where something is there already. */
  readonly keys: readonly string[];
}

/** What preparing a Vault needs of a client. */
export type PreparingVault = Pick<VaultClient, 'read' | 'list'> & {
  write<T>(path: string, body: object, options?: RequestOptions): Promise<VaultAnswer<T>>;
};

const nothing: VaultAnswer<never> = {
  status: 204,
  data: undefined as never,
  auth: null,
  wrap_info: null,
  lease_id: '',
  lease_duration: 0,
  renewable: false,
  warnings: [],
};

/** Paths that are written to in order to ask. */
const asks = /\/secret-id\/lookup$/;
/** Paths at which each write makes another thing. */
const makesAnew = /\/(secret-id|root\/generate\/internal|config\/ca)$/;
const mounts = /^sys\/(mounts|auth)\//;

/**
 * Writes to a Vault only what is not there or differs, and notes what that was: doing it again changes nothing.
 *
 * @example
 * const plan = new VaultChanges(client, { dryRun: true });
 * await plan.write('sys/policies/acl/ebbtide-actuator', { policy });
 * plan.changes; // [{ path: 'sys/policies/acl/ebbtide-actuator', kind: 'create', keys: [] }]
 */
export class VaultChanges implements PreparingVault {
  readonly changes: VaultChange[] = [];
  readonly #vault: VaultClient;
  readonly #dryRun: boolean;

  /** @param options - with `dryRun` nothing is written */
  constructor(vault: VaultClient, { dryRun = false } = {}) {
    this.#vault = vault;
    this.#dryRun = dryRun;
  }

  read<T>(path: string, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.#vault.read<T>(path, options);
  }

  list<T>(path: string, options?: RequestOptions): Promise<VaultAnswer<T>> {
    return this.#vault.list<T>(path, options);
  }

  /** Whether something is at a path. */
  async has(path: string): Promise<boolean> {
    return (await this.#current(path)) !== undefined;
  }

  /** Note that a path is left as it is. */
  keep(path: string): void {
    this.changes.push({ path, kind: 'same', keys: [] });
  }

  async write<T>(path: string, body: object, options?: RequestOptions): Promise<VaultAnswer<T>> {
    if (asks.test(path)) return this.#vault.write<T>(path, body, options);
    const current = makesAnew.test(path) ? undefined : await this.#current(path);
    const keys = current === undefined ? [] : differing(body, current);
    const kind = current === undefined ? 'create' : keys.length > 0 ? 'change' : 'same';
    if (kind !== 'create' && mounts.test(path)) {
      if (keys.includes('type')) throw otherType(path, body, current);
      // How a mount is tuned is its owner's affair
      this.keep(path);
      return nothing;
    }
    if (kind === 'same' || this.#dryRun) {
      this.changes.push({ path, kind, keys });
      return nothing;
    }
    const answer = await this.#vault.write<T>(path, body, options);
    this.changes.push({ path, kind, keys });
    return answer;
  }

  async #current(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      const { data } = await this.#vault.read<Readonly<Record<string, unknown>> | null>(path);
      return data ?? undefined;
    } catch (error) {
      const isAbsent =
        isEbbtideError(error, 'VAULT_NOT_FOUND') || (isEbbtideError(error, 'VAULT_REJECTED') && mounts.test(path));
      if (isAbsent) return undefined;
      throw error;
    }
  }
}

const otherType = (path: string, body: object, current: unknown): EbbtideError => {
  const [wanted, found] = [body, current].map((one) => (one as { type?: unknown }).type);
  return new EbbtideError(
    'VAULT_REJECTED',
    `Mount ${path.replace(mounts, '')} is of type ${found}, and Ebbtide needs one of type ${wanted} there; move what is there`,
    { path },
  );
};

/** Keys of what is wanted that are not so. */
const differing = (wanted: object, found: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(wanted)
    .filter(([key, value]) => !isAlike(value, found[key]))
    .map(([key]) => key);

/** Whether Vault's way of writing a value is that of what was asked for. */
const isAlike = (wanted: unknown, found: unknown): boolean => {
  if (Array.isArray(wanted) || Array.isArray(found)) return listOf(wanted).join() === listOf(found).join();
  if (wanted !== null && typeof wanted === 'object')
    return (
      found !== null &&
      typeof found === 'object' &&
      differing(wanted, found as Readonly<Record<string, unknown>>).length === 0
    );
  return scalar(wanted) === scalar(found);
};

const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [])
    .map((item) => String(item).trim())
    .filter((item) => item !== '')
    .sort();

/** Durations as seconds, everything else as text without the white space around it. */
const scalar = (value: unknown): string => {
  const text = String(value ?? '').trim();
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  if (hours === undefined && minutes === undefined && seconds === undefined) return text;
  return String(Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0));
};
