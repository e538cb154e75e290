/** Frames of HTTP/2 (RFC 9113), as far as unary gRPC needs them. */

/** Types of frames. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
/** Flags of frames. */
export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
/** Parameters of a settings frame. */
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxHeaderListSize: 6,
} as const;
/** Codes of resets and goodbyes. */
export const errorCode = {
  none: 0,
  protocol: 1,
  flowControl: 3,
  frameSize: 6,
  refused: 7,
  compression: 9,
  calm: 11,
} as const;

/** What a client says first. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const headBytes = 9;
/** Longest payload that we accept, and the shortest that every peer must accept. */
export const largestPayload = 16_384;

/** What a peer did against the protocol: the connection ends with this code. */
export class Http2Error extends Error {
  override readonly name = 'Http2Error';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Write the head of a frame. */
export const writeHead = (
  target: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number => {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  target.writeUInt32BE(stream, at + 5);
  return at + headBytes;
};

/** A whole frame. */
export const frame = (type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer => {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.set(payload, writeHead(bytes, 0, payload.length, type, flags, stream));
  return bytes;
};

/** A settings frame of parameters and values. */
export const settingsFrame = (settings: readonly (readonly [id: number, value: number])[]): Buffer => {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
};

/** A payload of one 32-bit number, or several. */
export const numbers = (...values: readonly number[]): Buffer => {
  const payload = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    payload.writeUInt32BE(value, i * 4);
  });
  return payload;
};

/** What is left of a payload without its padding, and of headers without their priority. */
export const unpadded = (payload: Buffer, flags: number, type: number): Buffer => {
  let start = 0;
  let end = payload.length;
  if (flags & flag.padded) {
    start = 1;
    end -= payload[0] ?? end;
  }
  if (type === frameType.headers && flags & flag.priority) start += 5;
  if (start > end) throw new Http2Error(errorCode.protocol, 'padding exceeds the frame');
  return payload.subarray(start, end);
};

/** Header fields as HPACK writes them without tables or Huffman's code: nothing to keep in step. */
export const literalHeaders = (fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), literal(name), literal(value)])));

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 127;
  if (rest >= 16_384) throw new RangeError(`Header field of ${bytes.length} bytes is too long`);
  const length = rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >>> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
};
