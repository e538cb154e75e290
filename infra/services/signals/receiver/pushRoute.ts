import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../../log.ts';
import type { BearerTokens } from '../bearer.ts';
import type { Peer } from '../config.ts';
import type { OnTaken, SignalReceiver } from './receiver.ts';
import { SetError } from './setError.ts';

/** What the endpoint for pushed tokens works with. */
export interface PushRouteParts {
  readonly receiver: SignalReceiver;
  readonly tokens: BearerTokens<Peer>;
  readonly maxBytes: number;
  readonly log: Logger;
  readonly onTaken: OnTaken;
}

const contentType = 'application/secevent+jwt';

/**
 * The endpoint to which transmitters push their tokens: 202 where one is taken, else the error as RFC 8935 has it.
 *
 * Source: RFC 8935, section 2
 */
export const pushRoute = async (app: FastifyInstance, parts: PushRouteParts): Promise<void> => {
  const { receiver, tokens, maxBytes, log, onTaken } = parts;
  await app.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser(contentType, { parseAs: 'string', bodyLimit: maxBytes }, (_request, body, done) =>
      done(null, body),
    );
    own.setErrorHandler((error, request, reply) => {
      const { statusCode = 500, code } = error as { statusCode?: number; code?: string };
      if (error instanceof SetError || statusCode < 500) {
        const err = error instanceof SetError ? error.err : 'invalid_request';
        const status = err === 'authentication_failed' ? 401 : error instanceof SetError ? 400 : statusCode;
        if (status === 401) reply.header('www-authenticate', 'Bearer');
        onTaken(err, tokens.ownerOf(request.headers.authorization));
        log.warn({ correlationId: request.id, err, code, message: (error as Error).message }, 'pushed token refused');
        const description =
          error instanceof SetError ? error.message : `Send ${contentType} of ${maxBytes} bytes at most`;
        return reply.status(status).header('content-language', 'en').send({ err, description });
      }
      log.error({ correlationId: request.id, error: (error as Error).message }, 'pushed token not taken');
      return reply.status(503).header('retry-after', '5').send({ description: 'Try again later' });
    });
    const sender = (authorization: string | undefined): Peer => {
      const peer = tokens.ownerOf(authorization);
      if (!peer) throw new SetError('authentication_failed', 'Send the bearer token that was agreed on');
      return peer;
    };
    // Before the body is read: strangers must not cost anything
    own.addHook('onRequest', async (request) => void sender(request.headers.authorization));
    own.post('/ssf/events', async (request, reply) => {
      const peer = sender(request.headers.authorization);
      onTaken(await receiver.take(String(request.body ?? ''), peer), peer);
      return reply.status(202).send();
    });
  });
};
