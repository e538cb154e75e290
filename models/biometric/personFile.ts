import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { EbbtideError } from '../../schemas/errors.ts';
import { sha256 } from '../hash.ts';
import type { Baseline } from './baseline.ts';
import { defaultSteps, onGrid, packedLength, packRows, unpackRows } from './grid.ts';
import type { Person } from './index.ts';

/** What is written of a modality before the numbers; lengths are numbers, not bytes. */
interface Modality {
  readonly name: string;
  readonly features: number;
  readonly anchor: number;
  /** 0 where it is the anchor. */
  readonly recent: number;
  /** How much of what is recent is the anchor's end, and is not written again; absent in version 1. */
  readonly shared?: number;
  readonly learned: number;
  /** Of its grid, to one; absent in version 1. */
  readonly steps?: number;
}

interface Header {
  /** 1: floats as they are. 2: compressed, see {@link packRows}. */
  readonly version: 1 | 2;
  readonly modalities: readonly Modality[];
  readonly sha256: string;
}

/** Beyond this little more is gained, and it takes longer than comparing does. */
const quality = 4;

/** Numbers at the beginning of what is recent that are the anchor's end. */
const sharedBy = ({ features, anchor, recent }: Baseline): number => {
  for (let shared = Math.min(anchor.length, recent.length); shared > 0; shared -= features) {
    const end = anchor.subarray(anchor.length - shared);
    if (end.every((value, i) => Object.is(value, recent[i]))) return shared;
  }
  return 0;
};

/**
 * A person's baselines as bytes: a line of JSON, then their rows, compressed. Full baselines of all modalities take some
 * 50 KB, those of a phrase of 11 keys alone 20.
 */
export const encodePerson = (person: Person): Buffer => {
  const modalities: Modality[] = [];
  const parts: Buffer[] = [];
  for (const [name, baseline] of person) {
    const { features, anchor, recent, learned, steps } = baseline;
    const shared = recent === anchor ? 0 : sharedBy(baseline);
    modalities.push({
      name,
      features,
      anchor: anchor.length,
      recent: recent === anchor ? 0 : recent.length,
      shared,
      learned,
      steps,
    });
    parts.push(packRows(anchor, features, steps));
    if (recent !== anchor) parts.push(packRows(recent.subarray(shared), features, steps));
  }
  const body = brotliCompressSync(Buffer.concat(parts), { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
  const header: Header = { version: 2, modalities, sha256: sha256(body) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
};

const corrupt = (cause?: unknown): EbbtideError =>
  new EbbtideError('STATE_CORRUPT', 'A baseline of behaviour is damaged; enrol its person again', {}, cause);

/** Rows as they lie one after the other in a body; version 1 wrote little-endian floats. */
const rowsIn = (
  { version, modalities }: Header,
  body: Buffer,
): ((length: number, features: number, steps: number) => Float32Array) => {
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return body.subarray(at - length, at);
  };
  if (version === 1)
    return (length, _, steps) => {
      const array = new Float32Array(length);
      new Uint8Array(array.buffer).set(take(length * 4));
      return array.map((value) => onGrid(value, steps));
    };
  const bytesOf = (length: number, features: number): number => packedLength(length / features, features);
  const whole = modalities.reduce(
    (sum, { features, anchor, recent, shared = 0 }) =>
      sum + bytesOf(anchor, features) + (recent === 0 ? 0 : bytesOf(recent - shared, features)),
    0,
  );
  try {
    // All at once, and nothing to join
    const bounds = { maxOutputLength: Math.max(1, whole), chunkSize: Math.max(1_024, whole) };
    body = brotliDecompressSync(body, bounds);
  } catch (cause) {
    throw corrupt(cause);
  }
  if (body.length !== whole) throw corrupt();
  return (length, features, steps) => unpackRows(take(bytesOf(length, features)), features, steps);
};

/**
 * Read a person's baselines, of this version or the one before.
 *
 * @throws EbbtideError STATE_CORRUPT when they are cut short or altered: the person must be enrolled again; SCHEMA_INCOMPATIBLE
 *   when a newer version wrote them: this one must be upgraded, and the person stays as they are
 */
export const decodePerson = (bytes: Uint8Array): Person => {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = all.indexOf(0x0a);
  let header: Header;
  try {
    header = JSON.parse(all.subarray(0, end).toString('utf8')) as Header;
  } catch (cause) {
    throw corrupt(cause);
  }
  const body = all.subarray(end + 1);
  if (header.version > 2)
    throw new EbbtideError(
      'SCHEMA_INCOMPATIBLE',
      `A baseline of behaviour was written by a newer Ebbtide, in version ${header.version}; this one reads up to 2: upgrade it`,
      { version: header.version },
    );
  if (end < 0 || ![1, 2].includes(header.version) || sha256(body) !== header.sha256) throw corrupt();
  const rows = rowsIn(header, body);
  const person = new Map<string, Baseline>();
  for (const { name, features, anchor: anchored, recent: kept, shared = 0, learned, ...rest } of header.modalities) {
    const { steps = defaultSteps } = rest;
    const anchor = rows(anchored, features, steps);
    let recent = anchor;
    if (kept > 0) {
      recent = new Float32Array(kept);
      recent.set(anchor.subarray(anchored - shared));
      recent.set(rows(kept - shared, features, steps), shared);
    }
    person.set(name, { features, anchor, recent, learned, steps });
  }
  return person;
};
