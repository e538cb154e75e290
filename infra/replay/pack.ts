import type { InputMessage } from '../../operators/batch.ts';
import type { HistoricPart } from '../../pipelines/replay/history.ts';

/** Messages of a part in a few buffers, which change threads without being copied. */
export interface PackedPart {
  readonly partition: number;
  readonly warmUp: boolean;
  /** Values one after another. */
  readonly body: Uint8Array;
  /** Length of each value, -1 for none. */
  readonly lengths: Int32Array;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
}

/** Pack a part. Keys stay behind: a chain takes subjects from values. */
export const pack = ({ partition, warmUp, messages }: HistoricPart): PackedPart => {
  const count = messages.length;
  const lengths = new Int32Array(count);
  const offsets = new Float64Array(count);
  const timestamps = new Float64Array(count);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const { value, offset, timestamp } = messages[i]!;
    lengths[i] = value ? value.length : -1;
    offsets[i] = offset;
    timestamps[i] = timestamp;
    bytes += value?.length ?? 0;
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const { value } of messages) {
    if (!value) continue;
    body.set(value, at);
    at += value.length;
  }
  return { partition, warmUp, body, lengths, offsets, timestamps };
};

/** Buffers to hand over with a packed part. */
export const buffersOf = ({ body, lengths, offsets, timestamps }: PackedPart): ArrayBuffer[] =>
  [body, lengths, offsets, timestamps].map(({ buffer }) => buffer as ArrayBuffer);

/** The part again; values are views. */
export const unpack = ({ partition, warmUp, body, lengths, offsets, timestamps }: PackedPart): HistoricPart => {
  const messages: InputMessage[] = [];
  const all = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    const value = length < 0 ? null : all.subarray(at, at + length);
    at += Math.max(0, length);
    messages.push({ offset: offsets[i]!, timestamp: timestamps[i]!, key: null, value });
  }
  return { partition, warmUp, messages };
};
