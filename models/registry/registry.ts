import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { type StoredReport, storedReportSchema } from '../feedback/reportSchema.ts';
import { type ModelSource, manifestFile, readAnyManifest, readModelFile } from '../manifest.ts';
import {
  type ModelKind,
  type Pointer,
  pointerSchema,
  reportFile,
  type VersionRecord,
  versionRecordSchema,
} from './record.ts';
import { type RegistryKey, signatureProblem, signVersion } from './signature.ts';
import { isKeySegment, type ObjectStore } from './store.ts';

/** Keys of a registry, where they are configured. */
export interface RegistryKeys {
  /** Signs what is published. */
  readonly signing?: RegistryKey;
  /** Every version that is read must be signed with it. */
  readonly verifying?: RegistryKey;
}

/** A version in a registry, checked; its files are checked as they are read. */
export interface RegisteredVersion {
  readonly record: VersionRecord;
  readonly source: ModelSource;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const encode = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
const versionKey = (kind: ModelKind, version: string): string => `${kind}/versions/${version}.json`;
const pointerKey = (kind: ModelKind, sequence: number): string =>
  `${kind}/pointers/${String(sequence).padStart(8, '0')}.json`;
const blobKey = (hash: string): string => `blobs/${hash}`;

/**
 * Versions of models that never change, and the chain of pointers that says which was champion when.
 *
 * Files are kept under their hash; a version is there once its record is, which is written last; the next pointer is
 * written where there is none yet. So a publication that is cut short leaves nothing, and of two promotions at once one
 * wins.
 *
 * @example
 * const registry = new ModelRegistry(new DiskStore('models'), {});
 * await registry.publish('anomaly', 'trained/20260101', 'me');
 * const { source } = await registry.version('anomaly', '20260101');
 */
export class ModelRegistry {
  readonly #store: ObjectStore;
  readonly #keys: RegistryKeys;

  constructor(store: ObjectStore, keys: RegistryKeys = {}) {
    this.#store = store;
    this.#keys = keys;
  }

  get name(): string {
    return this.#store.name;
  }

  /**
   * Publish a model folder under the version that its manifest names. What is there already stays, its report too.
   *
   * @param report - of the retraining that made it, kept and signed with it
   * @throws EbbtideError MODEL_DAMAGED when the folder does not match its manifest; REGISTRY_CONFLICT when another model
   * has that version; REGISTRY_FULL; REGISTRY_UNAVAILABLE
   */
  async publish(
    kind: ModelKind,
    folder: string,
    by: string,
    at = new Date(),
    report?: StoredReport,
  ): Promise<VersionRecord> {
    const manifest = await readAnyManifest(folder);
    const { version } = manifest;
    if (manifest.kind !== kind)
      throw new EbbtideError(
        'REQUEST_INVALID',
        `${folder} holds a model of kind ${manifest.kind}, which cannot be published as ${kind}`,
        { kind, found: manifest.kind },
      );
    if (!isKeySegment(version))
      throw new EbbtideError(
        'REQUEST_INVALID',
        `Version ${version} cannot be published: only letters, digits, dots, dashes and underscores may stand in it`,
        { version },
      );
    for (const file of Object.keys(manifest.files)) await readModelFile(folder, manifest, file);
    const names = (await readdir(folder)).filter((name) => name === manifestFile || name in manifest.files).sort();
    const files: Record<string, string> = {};
    const contents: [string, Buffer][] = [];
    for (const name of names) contents.push([name, await readFile(join(folder, name))]);
    if (report) contents.push([reportFile, encode(report)]);
    for (const [name, bytes] of contents) {
      files[name] = sha256(bytes);
      await this.#putBlob(files[name], bytes);
    }
    const digest = files[manifestFile]!;
    const { signing } = this.#keys;
    const unsigned: VersionRecord = { kind, version, publishedAt: at.toISOString(), publishedBy: by, digest, files };
    const record = signing ? { ...unsigned, signature: signVersion(signing, unsigned) } : unsigned;
    if (await this.#store.putIfAbsent(versionKey(kind, version), encode(record))) return record;
    const existing = await this.record(kind, version);
    if (existing.digest === digest) return existing;
    throw new EbbtideError(
      'REGISTRY_CONFLICT',
      `Version ${version} of ${kind} is in the registry already and holds another model; versions never change, so train under another one`,
      { kind, version, registry: this.name },
    );
  }

  /** Versions by name; see {@link record} for what may be wrong with one. */
  async versions(kind: ModelKind): Promise<readonly string[]> {
    const prefix = `${kind}/versions/`;
    const keys = await this.#store.list(prefix);
    return keys.filter((key) => key.endsWith('.json')).map((key) => key.slice(prefix.length, -'.json'.length));
  }

  /**
   * The record of a version, its form and its signature checked.
   *
   * @throws EbbtideError NOT_FOUND; MODEL_DAMAGED; REGISTRY_UNAVAILABLE
   */
  async record(kind: ModelKind, version: string): Promise<VersionRecord> {
    const bytes = isKeySegment(version) ? await this.#store.get(versionKey(kind, version)) : undefined;
    if (!bytes)
      throw new EbbtideError(
        'NOT_FOUND',
        `There is no version ${version} of ${kind} in the registry ${this.name}; see ebbtide models list`,
        { kind, version, registry: this.name },
      );
    const record = this.#parse(versionRecordSchema, bytes, `Version ${version} of ${kind}`);
    if (record.kind !== kind || record.version !== version || record.files[manifestFile] !== record.digest)
      throw this.#damaged(`Version ${version} of ${kind}`, 'its record names another');
    const { verifying } = this.#keys;
    const problem = verifying && signatureProblem(verifying, record);
    if (problem) throw this.#damaged(`Version ${version} of ${kind}`, problem);
    return record;
  }

  /**
   * A version, for loading.
   *
   * @param digest - hash of the manifest that it must have, where one is known
   * @throws EbbtideError as {@link record}
   */
  async version(kind: ModelKind, version: string, digest?: string): Promise<RegisteredVersion> {
    const record = await this.record(kind, version);
    if (digest !== undefined && digest !== record.digest)
      throw this.#damaged(`Version ${version} of ${kind}`, 'it is not the model that was promoted under this name');
    const read = async (file: string): Promise<Buffer> => {
      const hash = record.files[file];
      const bytes = hash && (await this.#store.get(blobKey(hash), (found) => sha256(found) === hash));
      if (!bytes) throw this.#damaged(`Version ${version} of ${kind}`, `its file ${file} is missing`);
      if (sha256(bytes) !== hash) throw this.#damaged(`Version ${version} of ${kind}`, `its file ${file} was altered`);
      return bytes;
    };
    return { record, source: { name: `${this.name}/${kind}/${version}`, read } };
  }

  /**
   * The report of the retraining that made a version.
   *
   * @returns undefined for a version that was published without one
   * @throws EbbtideError as {@link record}
   */
  async report(kind: ModelKind, version: string): Promise<StoredReport | undefined> {
    const { record, source } = await this.version(kind, version);
    if (!(reportFile in record.files)) return undefined;
    return this.#parse(storedReportSchema, await source.read(reportFile), `Report of version ${version} of ${kind}`);
  }

  /** The chain of pointers, oldest first. */
  async pointers(kind: ModelKind): Promise<readonly Pointer[]> {
    const keys = await this.#store.list(`${kind}/pointers/`);
    return Promise.all(
      keys.map(async (key) => {
        const bytes = await this.#store.get(key);
        const pointer = this.#parse(pointerSchema, bytes ?? Buffer.alloc(0), `Pointer ${key}`);
        if (key !== pointerKey(kind, pointer.sequence)) throw this.#damaged(`Pointer ${key}`, 'it names another');
        return pointer;
      }),
    );
  }

  /**
   * Add a pointer to the chain.
   *
   * @throws EbbtideError REGISTRY_CONFLICT when somebody else added one of this sequence first
   */
  async point(pointer: Pointer): Promise<void> {
    const key = pointerKey(pointer.kind, pointer.sequence);
    const own = encode(pointerSchema.parse(pointer));
    if (await this.#store.putIfAbsent(key, own)) return;
    const bytes = await this.#store.get(key);
    // A request that was sent again finds what it wrote the first time
    if (bytes?.equals(own)) return;
    const winner = this.#parse(pointerSchema, bytes ?? Buffer.alloc(0), `Pointer ${key}`);
    throw new EbbtideError(
      'REGISTRY_CONFLICT',
      `Somebody else was first: ${winner.by} made ${winner.champion.version} the champion of ${winner.kind} at ${winner.at} (${winner.action}); look with ebbtide models list and decide again`,
      { kind: pointer.kind, sequence: pointer.sequence, by: winner.by, champion: winner.champion.version },
    );
  }

  async #putBlob(hash: string, bytes: Buffer): Promise<void> {
    if (await this.#store.putIfAbsent(blobKey(hash), bytes)) return;
    const found = await this.#store.get(blobKey(hash));
    if (!found || sha256(found) !== hash)
      throw this.#damaged(
        `Object ${blobKey(hash)}`,
        'its content does not match its name; remove it and publish again',
      );
  }

  #parse<T>(schema: z.ZodType<T>, bytes: Buffer, what: string): T {
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      if (!encode(value).equals(bytes)) throw new SyntaxError('Not as it was written');
      return schema.parse(value);
    } catch (cause) {
      const why = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it was cut short or edited';
      throw this.#damaged(what, why, cause);
    }
  }

  #damaged(what: string, why: string, cause?: unknown): EbbtideError {
    return new EbbtideError(
      'MODEL_DAMAGED',
      `${what} in the registry ${this.name} is refused: ${why}`,
      { registry: this.name },
      cause,
    );
  }
}
