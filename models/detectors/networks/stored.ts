import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../infra/paths.ts';
import { EbbtideError } from '../../../schemas/errors.ts';

/** A network that ships, with what it was made of. */
export interface StoredNetwork {
  readonly version: number;
  /** Data set, its licence, which parts of it. */
  readonly data: string;
  /** Everything that repeats the training. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Mean loss of the last updates. */
  readonly loss: number;
  readonly sizes: Readonly<Record<string, number>>;
  /** Little-endian 32-bit floats in base64. */
  readonly weights: Readonly<Record<string, string>>;
}

/** Where networks that ship lie. */
export const networkFile = (name: string): string => join(packageRoot(), 'models/detectors/networks', `${name}.json`);

/** Text of a stored network. */
export const encodeNetwork = (
  about: Pick<StoredNetwork, 'version' | 'data' | 'training' | 'loss'>,
  network: object,
): string => {
  const entries = Object.entries(network) as [string, number | Float32Array][];
  const sizes = Object.fromEntries(entries.filter(([, value]) => typeof value === 'number'));
  const weights = Object.fromEntries(
    entries
      .filter((entry): entry is [string, Float32Array] => typeof entry[1] !== 'number')
      .map(([name, value]) => [name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')]),
  );
  return `${JSON.stringify({ ...about, sizes, weights }, null, 2)}\n`;
};

/**
 * Read a network that ships.
 *
 * @throws EbbtideError MODEL_DAMAGED when it cannot be read, or holds something that is no number
 */
export const readNetwork = <Network>(name: string): Network => {
  const path = networkFile(name);
  try {
    const { sizes, weights } = JSON.parse(readFileSync(path, 'utf8')) as StoredNetwork;
    const arrays = Object.entries(weights).map(([key, text]) => {
      const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
      const values = new Float32Array(bytes.buffer);
      if (!values.every((value) => Number.isFinite(value))) throw new RangeError(`${key} holds no numbers`);
      return [key, values] as const;
    });
    return { ...sizes, ...Object.fromEntries(arrays) } as Network;
  } catch (cause) {
    throw new EbbtideError(
      'MODEL_DAMAGED',
      `Network ${path} cannot be read; restore it or train it again`,
      { path },
      cause,
    );
  }
};
