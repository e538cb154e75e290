import { createServer, type Socket } from 'node:net';
import type { Answer, Check } from '../authorizer.ts';
import { checkOf, responseOf } from './check.ts';
import { type Call, GrpcConnection } from './connection.ts';
import { loadCheckMessages } from './messages.ts';
import { grpcStatus } from './replies.ts';

const checkPath = '/envoy.service.auth.v3.Authorization/Check';
const healthPath = '/grpc.health.v1.Health/Check';
const goodbyeMs = 1_000;

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

/** Serve `envoy.service.auth.v3.Authorization/Check` and `grpc.health.v1.Health/Check` over HTTP/2 without TLS. */
export const startGrpcServer = async (
  options: GrpcServerOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const { check, ready, credentialHeaders, withReasons, onError } = options;
  const messages = loadCheckMessages();

  const answerCheck = (call: Call) => {
    let request: Check;
    try {
      request = checkOf(messages.decode(call.message));
    } catch {
      return call.refuse(grpcStatus.invalidArgument, 'not a CheckRequest');
    }
    const send = (answer: Answer) => call.reply(messages.encode(responseOf(answer, credentialHeaders, withReasons)));
    const fail = (error: unknown) => {
      onError(error);
      call.refuse(grpcStatus.internal, 'internal error');
    };
    try {
      const answer = check(request);
      if (answer instanceof Promise) answer.then(send).catch(fail);
      else send(answer);
    } catch (error) {
      fail(error);
    }
  };
  const onCall = (call: Call) => {
    if (call.path === checkPath) answerCheck(call);
    // Field 1 of HealthCheckResponse: 1 serves, 2 does not
    else if (call.path === healthPath) call.reply(Uint8Array.of(0x08, ready() ? 1 : 2));
    else call.refuse(grpcStatus.unimplemented, 'no such method');
  };

  const connections = new Map<Socket, GrpcConnection>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.set(socket, new GrpcConnection(socket, onCall));
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections.values()) connection.leave();
      const late = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, goodbyeMs);
      await closed;
      clearTimeout(late);
    },
  };
};
