import { createServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Answer, Check } from '../authorizer.ts';
import { checkOf, responseOf } from './check.ts';
import { loadCheckMessages } from './messages.ts';

const checkPath = '/envoy.service.auth.v3.Authorization/Check';
const healthPath = '/grpc.health.v1.Health/Check';
/** Envoy may be told to send some of the body with a check. */
const largestMessage = 1_048_576;
const frameBytes = 5;

/** Statuses of gRPC that are answered here. */
const grpc = { ok: 0, invalidArgument: 3, resourceExhausted: 8, unimplemented: 12, internal: 13 } as const;
const replyHeaders = { ':status': 200, 'content-type': 'application/grpc+proto' } as const;

/** What {@link startGrpcServer} is told. */
export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  check(check: Check): Answer | Promise<Answer>;
  ready(): boolean;
  readonly credentialHeaders: readonly string[];
  readonly withReasons: boolean;
  onError(error: unknown): void;
}

/**
 * Serve `envoy.service.auth.v3.Authorization/Check` and `grpc.health.v1.Health/Check` over HTTP/2 without TLS.
 *
 * Node's own http2 with protobufjs: unary calls of one small message need no more, and grpc-js costs twice the time.
 */
export const startGrpcServer = async (
  options: GrpcServerOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const { check, ready, credentialHeaders, withReasons, onError } = options;
  const messages = loadCheckMessages();
  const sessions = new Set<Http2Session>();
  const server = createServer({ settings: { maxConcurrentStreams: 10_000, enablePush: false } });

  const answerCheck = (stream: ServerHttp2Stream, body: Buffer) => {
    let request: Check;
    try {
      request = checkOf(messages.decode(body));
    } catch {
      return refuse(stream, grpc.invalidArgument, 'not a CheckRequest');
    }
    const send = (answer: Answer) => reply(stream, messages.encode(responseOf(answer, credentialHeaders, withReasons)));
    const answer = check(request);
    if (!(answer instanceof Promise)) return send(answer);
    answer.then(send).catch((error) => {
      onError(error);
      refuse(stream, grpc.internal, 'internal error');
    });
  };

  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const path = headers[':path'];
    if (path !== checkPath && path !== healthPath) {
      stream.resume();
      return refuse(stream, grpc.unimplemented, 'no such method');
    }
    let chunk: Buffer | undefined;
    stream.on('data', (data: Buffer) => {
      chunk = chunk === undefined ? data : Buffer.concat([chunk, data]);
      if (chunk.length > largestMessage + frameBytes) {
        stream.removeAllListeners('data').removeAllListeners('end').resume();
        refuse(stream, grpc.resourceExhausted, 'message too large');
      }
    });
    stream.on('end', () => {
      try {
        const body = chunk && messageOf(chunk);
        if (!body) return refuse(stream, grpc.invalidArgument, 'not one uncompressed message');
        // Field 1 of HealthCheckResponse: 1 serves, 2 does not
        if (path === healthPath) return reply(stream, Uint8Array.of(0x08, ready() ? 1 : 2));
        answerCheck(stream, body);
      } catch (error) {
        onError(error);
        refuse(stream, grpc.internal, 'internal error');
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      const late = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, 1_000);
      await closed;
      clearTimeout(late);
    },
  };
};

/** The message in gRPC's frame: a byte that says whether it is compressed, four of length. */
const messageOf = (framed: Buffer): Buffer | undefined =>
  framed.length >= frameBytes && framed[0] === 0 && framed.readUInt32BE(1) === framed.length - frameBytes
    ? framed.subarray(frameBytes)
    : undefined;

const reply = (stream: ServerHttp2Stream, message: Uint8Array): void => {
  if (stream.destroyed || stream.closed) return;
  const framed = Buffer.allocUnsafe(frameBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, frameBytes);
  stream.respond(replyHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(grpc.ok) }));
  stream.end(framed);
};

/** An answer without a message: its status stands in the headers. */
const refuse = (stream: ServerHttp2Stream, status: number, message: string): void => {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond({ ...replyHeaders, 'grpc-status': String(status), 'grpc-message': message }, { endStream: true });
};
