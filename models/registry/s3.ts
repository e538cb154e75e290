import { AwsClient } from 'aws4fetch';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ObjectStore } from './store.ts';

/** Where a bucket is and who asks. */
export interface S3Options {
  readonly bucket: string;
  /** Before every key; empty, or ending in a slash. */
  readonly prefix: string;
  /** Server of the bucket, such as `https://s3.eu-central-1.amazonaws.com`; addressed by path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds until a request is given up, 1 and up. */
  readonly timeoutMs: number;
}

/** Statuses of a conditional write that found something: there already, or being written at the same time. */
const taken = new Set([409, 412]);
const full = new Set([507]);
const retries = 2;

/**
 * A store in a bucket of S3 or of a server that speaks its protocol. The server must honour `If-None-Match: *` on PUT,
 * as Amazon S3 and MinIO do: that makes two promotions at once exclude each other.
 */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #options: S3Options;
  readonly #client: AwsClient;

  constructor(options: S3Options) {
    this.#options = options;
    this.name = `s3://${options.bucket}/${options.prefix} at ${options.endpoint}`;
    const { accessKeyId, secretAccessKey, sessionToken, region } = options;
    this.#client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      retries,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
  }

  async get(key: string): Promise<Buffer | undefined> {
    const response = await this.#request(key, this.#urlOf(key), {});
    if (response.status === 404) {
      const body = await response.text();
      if (body.includes('NoSuchBucket')) throw this.#refused(key, response.status, body);
      return undefined;
    }
    if (!response.ok) throw this.#refused(key, response.status, await response.text());
    return Buffer.from(await response.arrayBuffer());
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const response = await this.#request(key, this.#urlOf(key), {
      method: 'PUT',
      body: Buffer.from(bytes),
      headers: { 'if-none-match': '*', 'content-type': 'application/octet-stream' },
    });
    const body = await response.text();
    if (response.ok) return true;
    if (taken.has(response.status)) return false;
    if (full.has(response.status) || /QuotaExceeded|XMinioStorageFull|InsufficientStorage/.test(body))
      throw new EbbtideError(
        'REGISTRY_FULL',
        `Model registry ${this.name} is full: ${key} was not written and nothing was changed; make room and try again`,
        { registry: this.name, key },
      );
    throw this.#refused(key, response.status, body);
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    const begin = this.#options.prefix.length;
    for (let after = ''; ; ) {
      const url = new URL(this.#urlOf('').slice(0, -this.#options.prefix.length || undefined));
      url.search = new URLSearchParams({
        'list-type': '2',
        prefix: this.#options.prefix + prefix,
        ...(after === '' ? {} : { 'start-after': after }),
      }).toString();
      const response = await this.#request(prefix, url.href, {});
      const body = await response.text();
      if (!response.ok) throw this.#refused(prefix, response.status, body);
      // Keys hold letters, digits, dots, dashes and slashes alone, so that nothing in them is escaped.
      const found = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
      keys.push(...found.map((key) => key.slice(begin)));
      after = found.at(-1) ?? '';
      if (after === '' || !body.includes('<IsTruncated>true</IsTruncated>')) return keys.sort();
    }
  }

  #urlOf(key: string): string {
    const { endpoint, bucket, prefix } = this.#options;
    return `${endpoint.replace(/\/+$/, '')}/${bucket}/${prefix}${key}`;
  }

  async #request(key: string, url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#client.fetch(url, { ...init, signal: AbortSignal.timeout(this.#options.timeoutMs) });
    } catch (cause) {
      const why =
        cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause);
      throw new EbbtideError(
        'REGISTRY_UNAVAILABLE',
        `Model registry ${this.name} cannot be reached: ${why}; check models.registry and models.s3`,
        { registry: this.name, key },
        cause,
      );
    }
  }

  #refused(key: string, status: number, body: string): EbbtideError {
    const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? `status ${status}`;
    return new EbbtideError(
      'REGISTRY_UNAVAILABLE',
      `Model registry ${this.name} refused ${key || 'a listing'}: ${code}; check the bucket, its credentials and rights`,
      { registry: this.name, key, status },
    );
  }
}
