import type { Socket } from 'node:net';
import {
  errorCode,
  flag,
  frame,
  frameType,
  Http2Error,
  headBytes,
  largestPayload,
  numbers,
  preface,
  setting,
  settingsFrame,
  unpadded,
} from './frames.ts';
import { Outbox } from './outbox.ts';
import { Paths } from './paths.ts';
import { grpcStatus, prefixBytes, refusalFrame, replyFrames } from './replies.ts';

/** Longest message that is taken: Envoy may be told to send some of the body with a check. */
const largestMessage = 1_048_576;
const largestBlock = 32_768;
/** Frames of one header block, of which full ones would be three. */
const mostBlockFrames = 64;
/** Bytes of requests that may wait for their end on one connection. */
const mostBuffered = 16 * largestMessage;
const window = 4 * largestMessage;
const mostStreams = 4_096;
/** How long a peer that broke the protocol gets to read why. */
const goodbyeMs = 1_000;
/** Answers are smaller than this, so that no stream's own window ever stops one. */
const leastStreamWindow = 16_384;
/** A call that has arrived. */
export interface Call {
  readonly path: string;
  readonly message: Buffer;
  /** Answer with a message of at most 16 KiB. */
  reply(message: Uint8Array): void;
  /** Answer with a status and no message. */
  refuse(status: number, words: string): void;
}

interface Stream {
  readonly path: string;
  readonly chunks: Buffer[];
  bytes: number;
}

/**
 * The server's side of one HTTP/2 connection that carries unary gRPC calls: settings, flow control, header blocks and
 * bodies are read as RFC 9113 says; what a call's answer needs, three frames, is written at once for all calls of a read.
 *
 * Node's own http2 makes a stream with its events of each call, which took three times the time of all the rest here.
 */
export class GrpcConnection {
  readonly #socket: Socket;
  readonly #onCall: (call: Call) => void;
  readonly #outbox: Outbox;
  readonly #paths = new Paths();
  readonly #streams = new Map<number, Stream>();
  #rest: Buffer = Buffer.alloc(0);
  #greeted = false;
  #block: { readonly stream: number; readonly ends: boolean; chunks: Buffer[]; bytes: number } | undefined;
  #lastStream = 0;
  #buffered = 0;
  #consumed = 0;
  #leaving = false;
  #broken = false;
  #calls = 0;

  constructor(socket: Socket, onCall: (call: Call) => void) {
    this.#socket = socket;
    this.#onCall = onCall;
    this.#outbox = new Outbox(socket, mostStreams, () => this.#giveUp());
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', () => {});
    const settings = [
      [setting.headerTableSize, 0],
      [setting.maxConcurrentStreams, mostStreams],
      [setting.initialWindowSize, largestMessage + largestPayload],
      [setting.maxHeaderListSize, largestBlock],
    ] as const;
    socket.write(Buffer.concat([settingsFrame(settings), frame(frameType.windowUpdate, 0, 0, numbers(window))]));
  }

  /** Take no more calls, and end once those in hand are answered. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#outbox.write(frame(frameType.goAway, 0, 0, numbers(this.#lastStream, errorCode.none)));
    this.#endIfIdle();
  }

  #read(data: Buffer) {
    if (this.#broken) return;
    this.#outbox.gather();
    try {
      this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
      if (!this.#greeted) {
        const said = this.#rest.subarray(0, preface.length);
        if (!preface.subarray(0, said.length).equals(said)) throw new Http2Error(errorCode.protocol, 'not HTTP/2');
        if (said.length < preface.length) return;
        this.#greeted = true;
        this.#rest = this.#rest.subarray(preface.length);
      }
      while (this.#rest.length >= headBytes) {
        const length = this.#rest.readUIntBE(0, 3);
        if (length > largestPayload) throw new Http2Error(errorCode.frameSize, 'frame too large');
        const end = headBytes + length;
        if (this.#rest.length < end) break;
        const stream = this.#rest.readUInt32BE(5) & 0x7fffffff;
        this.#take(this.#rest[3]!, this.#rest[4]!, stream, this.#rest.subarray(headBytes, end));
        this.#rest = this.#rest.subarray(end);
      }
    } catch (error) {
      const code = error instanceof Http2Error ? error.code : errorCode.protocol;
      this.#outbox.end(frame(frameType.goAway, 0, 0, numbers(this.#lastStream, code)));
      this.#break();
    } finally {
      if (this.#outbox.flush() && this.#leaving) this.#endIfIdle();
    }
  }

  #take(type: number, flags: number, stream: number, payload: Buffer) {
    if (this.#block && type !== frameType.continuation)
      throw new Http2Error(errorCode.protocol, 'a header block was not finished');
    switch (type) {
      case frameType.data:
        return this.#takeData(flags, stream, payload);
      case frameType.headers: {
        const isNew = stream > this.#lastStream && stream % 2 === 1;
        if (!isNew) throw new Http2Error(errorCode.protocol, 'headers of a stream that is not new');
        this.#block = { stream, ends: (flags & flag.endStream) !== 0, chunks: [], bytes: 0 };
        return this.#takeBlock(flags, stream, unpadded(payload, flags, type));
      }
      case frameType.continuation:
        return this.#takeBlock(flags, stream, payload);
      case frameType.settings:
        return this.#takeSettings(flags, payload);
      case frameType.ping:
        if (!(flags & flag.ack)) this.#outbox.write(frame(frameType.ping, flag.ack, 0, Buffer.from(payload)));
        return;
      case frameType.windowUpdate:
        if (payload.length !== 4) throw new Http2Error(errorCode.frameSize, 'a window update has four bytes');
        if (stream === 0) this.#outbox.widen(payload.readUInt32BE(0) & 0x7fffffff);
        return;
      case frameType.reset:
        this.#drop(stream);
        return;
      case frameType.goAway:
        this.leave();
        return;
      default:
    }
  }

  #takeBlock(flags: number, stream: number, part: Buffer) {
    const block = this.#block;
    if (!block || block.stream !== stream) throw new Http2Error(errorCode.protocol, 'no header block goes on here');
    block.chunks.push(part);
    block.bytes += part.length;
    // Empty frames have no bytes to count
    if (block.bytes > largestBlock || block.chunks.length > mostBlockFrames)
      throw new Http2Error(errorCode.calm, 'header block too large');
    if (!(flags & flag.endHeaders)) return;
    this.#block = undefined;
    this.#lastStream = stream;
    const path = this.#paths.read(block.chunks.length === 1 ? part : Buffer.concat(block.chunks));
    if (this.#leaving || this.#streams.size >= mostStreams)
      return this.#outbox.write(frame(frameType.reset, 0, stream, numbers(errorCode.refused)));
    this.#streams.set(stream, { path, chunks: [], bytes: 0 });
    if (block.ends) this.#finish(stream);
  }

  #takeData(flags: number, id: number, payload: Buffer) {
    if (id === 0) throw new Http2Error(errorCode.protocol, 'data of no stream');
    this.#consumed += payload.length;
    if (this.#consumed > window / 2) {
      this.#outbox.write(frame(frameType.windowUpdate, 0, 0, numbers(this.#consumed)));
      this.#consumed = 0;
    }
    const stream = this.#streams.get(id);
    if (!stream) return;
    const part = unpadded(payload, flags, frameType.data);
    stream.bytes += part.length;
    this.#buffered += part.length;
    if (stream.bytes > largestMessage + prefixBytes) {
      this.#drop(id);
      return this.#refuse(id, grpcStatus.resourceExhausted, 'message too large');
    }
    if (this.#buffered > mostBuffered) throw new Http2Error(errorCode.calm, 'too much waits for its end');
    // What comes in one piece is dealt with at once; only what has to wait outlives the buffer that it was read into
    if (part.length > 0) stream.chunks.push(flags & flag.endStream ? part : Buffer.from(part));
    if (flags & flag.endStream) this.#finish(id);
  }

  #finish(id: number) {
    const stream = this.#streams.get(id)!;
    this.#drop(id);
    const framed = stream.chunks.length === 1 ? stream.chunks[0]! : Buffer.concat(stream.chunks);
    const whole = framed.length >= prefixBytes && framed.readUInt32BE(1) === framed.length - prefixBytes;
    if (!whole || framed[0] !== 0) return this.#refuse(id, grpcStatus.invalidArgument, 'not one uncompressed message');
    this.#calls++;
    const once = (answer: () => void) => {
      this.#calls--;
      answer();
      if (this.#leaving) this.#endIfIdle();
    };
    this.#onCall({
      path: stream.path,
      message: framed.subarray(prefixBytes),
      reply: (message) => once(() => this.#reply(id, message)),
      refuse: (status, words) => once(() => this.#refuse(id, status, words)),
    });
  }

  #drop(id: number) {
    this.#buffered -= this.#streams.get(id)?.bytes ?? 0;
    this.#streams.delete(id);
  }

  #takeSettings(flags: number, payload: Buffer) {
    if (flags & flag.ack) return this.#paths.acknowledged();
    if (payload.length % 6 !== 0) throw new Http2Error(errorCode.frameSize, 'settings of six bytes each');
    for (let at = 0; at < payload.length; at += 6)
      if (payload.readUInt16BE(at) === setting.initialWindowSize && payload.readUInt32BE(at + 2) < leastStreamWindow)
        throw new Http2Error(errorCode.flowControl, 'streams with so small a window are not served');
    this.#outbox.write(frame(frameType.settings, flag.ack, 0));
  }

  #reply(id: number, message: Uint8Array) {
    if (message.length + prefixBytes > leastStreamWindow)
      return this.#refuse(id, grpcStatus.internal, 'the answer is too large');
    const { bytes, flow } = replyFrames(id, message);
    this.#outbox.reply(bytes, flow);
  }

  #refuse(id: number, status: number, words: string) {
    this.#outbox.write(refusalFrame(id, status, words));
  }

  /** Whoever asks and takes no answers, so that they pile up here. */
  #giveUp() {
    this.#break();
    this.#socket.destroy();
  }

  /** What still comes is not kept: a peer that was told goodbye may go on sending for ever. */
  #break() {
    this.#broken = true;
    this.#rest = Buffer.alloc(0);
    this.#block = undefined;
    this.#outbox.clear();
    this.#streams.clear();
    setTimeout(() => this.#socket.destroy(), goodbyeMs).unref();
  }

  #endIfIdle() {
    if (!this.#outbox.gathering && this.#calls === 0 && this.#streams.size === 0 && this.#outbox.idle)
      this.#socket.end();
  }
}
