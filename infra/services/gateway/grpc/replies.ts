import { flag, frame, frameType, headBytes, literalHeaders, writeHead } from './frames.ts';

/** Statuses of gRPC that are answered here. */
export const grpcStatus = {
  ok: 0,
  invalidArgument: 3,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
} as const;

/** Bytes before a message: whether it is compressed, and its length. */
export const prefixBytes = 5;

/** HPACK's static table: `:status` 200. */
const status200 = Buffer.from([0x88]);
const contentType = ['content-type', 'application/grpc+proto'] as const;
const headersBlock = Buffer.concat([status200, literalHeaders([contentType])]);
const trailersBlock = literalHeaders([['grpc-status', String(grpcStatus.ok)]]);

/** Headers, a message and trailers of a call that went well, as one piece; `flow` bytes of it count for windows. */
export const replyFrames = (stream: number, message: Uint8Array): { readonly bytes: Buffer; readonly flow: number } => {
  const flow = prefixBytes + message.length;
  const bytes = Buffer.allocUnsafe(3 * headBytes + headersBlock.length + flow + trailersBlock.length);
  let at = writeHead(bytes, 0, headersBlock.length, frameType.headers, flag.endHeaders, stream);
  at += headersBlock.copy(bytes, at);
  at = writeHead(bytes, at, flow, frameType.data, 0, stream);
  bytes[at] = 0;
  bytes.writeUInt32BE(message.length, at + 1);
  bytes.set(message, at + prefixBytes);
  at += flow;
  at = writeHead(bytes, at, trailersBlock.length, frameType.headers, flag.endHeaders | flag.endStream, stream);
  trailersBlock.copy(bytes, at);
  return { bytes, flow };
};

/** The answer of a call that failed: its status stands in the headers, and there is no message. */
export const refusalFrame = (stream: number, status: number, words: string): Buffer => {
  const fields = [contentType, ['grpc-status', String(status)], ['grpc-message', words]] as const;
  const block = Buffer.concat([status200, literalHeaders(fields)]);
  return frame(frameType.headers, flag.endHeaders | flag.endStream, stream, block);
};
