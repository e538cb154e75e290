import { EbbtideError } from '../../schemas/errors.ts';
import { sha256 } from '../hash.ts';
import type { Baseline } from './baseline.ts';
import type { Person } from './index.ts';

/** What is written before the numbers. */
interface Header {
  readonly version: 1;
  readonly modalities: readonly {
    readonly name: string;
    readonly features: number;
    readonly anchor: number;
    /** 0 where it is the anchor. */
    readonly recent: number;
    readonly learned: number;
  }[];
  readonly sha256: string;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A person's baselines as bytes: a line of JSON, then little-endian floats; some 50 KB for a phrase of 11 keys, 130 KB for all modalities. */
export const encodePerson = (person: Person): Buffer => {
  const arrays = [...person.values()].flatMap(({ anchor, recent }) =>
    recent === anchor ? [anchor] : [anchor, recent],
  );
  const body = Buffer.concat(arrays.map(bytesOf));
  const header: Header = {
    version: 1,
    modalities: [...person].map(([name, { features, anchor, recent, learned }]) => ({
      name,
      features,
      anchor: anchor.length,
      recent: recent === anchor ? 0 : recent.length,
      learned,
    })),
    sha256: sha256(body),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
};

/**
 * Read a person's baselines.
 *
 * @throws EbbtideError STATE_CORRUPT when they are cut short or altered: the person must be enrolled again
 */
export const decodePerson = (bytes: Uint8Array): Person => {
  const corrupt = (cause?: unknown): EbbtideError =>
    new EbbtideError('STATE_CORRUPT', 'A baseline of behaviour is damaged; enrol its person again', {}, cause);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = all.indexOf(0x0a);
  let header: Header;
  try {
    header = JSON.parse(all.subarray(0, end).toString('utf8')) as Header;
  } catch (cause) {
    throw corrupt(cause);
  }
  const body = all.subarray(end + 1);
  if (end < 0 || header.version !== 1 || sha256(body) !== header.sha256) throw corrupt();
  let at = 0;
  const floats = (length: number): Float32Array => {
    const array = new Float32Array(length);
    new Uint8Array(array.buffer).set(body.subarray(at, at + length * 4));
    at += length * 4;
    return array;
  };
  const person = new Map<string, Baseline>();
  for (const { name, features, anchor: anchored, recent: kept, learned } of header.modalities) {
    const anchor = floats(anchored);
    person.set(name, { features, anchor, recent: kept === 0 ? anchor : floats(kept), learned });
  }
  return person;
};
