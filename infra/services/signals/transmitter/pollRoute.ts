import type { FastifyInstance } from 'fastify';
import { deliveryMethods } from '../../../../schemas/securityEvents.ts';
import { Problem } from '../../../http/problem.ts';
import type { Logger } from '../../../log.ts';
import type { Access } from './access.ts';
import { parsed, pollRequest } from './requests.ts';
import { streamOf } from './routes.ts';
import type { Transmitter } from './transmitter.ts';

/** What polling works with. */
export interface PollRouteParts {
  readonly transmitter: Transmitter;
  readonly access: Access;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onAnswer: (outcome: 'delivered' | 'refused', count: number) => void;
}

const mostEvents = 100;

/**
 * Delivery by polling: acknowledge what has come, and get what is next, waiting for it where there is nothing.
 *
 * Source: RFC 8936
 */
export const pollRoute = (app: FastifyInstance, parts: PollRouteParts): void => {
  const { transmitter, access, log, signal, onAnswer } = parts;
  const { streams, config } = transmitter.parts;

  app.post<{ Params: { id: string } }>('/ssf/poll/:id', async (request, reply) => {
    const account = await access.authenticate(request, 'read');
    const { stream_id: id, delivery } = streamOf(account, request.params.id, transmitter);
    if (delivery.method !== deliveryMethods.poll)
      throw new Problem(404, 'not-found', 'The stream is pushed; change its delivery to poll it');
    const { ack, setErrs, maxEvents = mostEvents, returnImmediately } = parsed(pollRequest, request.body);
    for (const [jti, { err, description }] of Object.entries(setErrs))
      log.warn({ stream: id, jti, err, description }, 'polled token refused');
    await streams.drop(id, [...ack, ...Object.keys(setErrs)]);
    onAnswer('delivered', ack.length);
    onAnswer('refused', Object.keys(setErrs).length);

    const count = Math.min(maxEvents, mostEvents);
    const next = () => (streams.get(id)?.status === 'enabled' ? streams.peek(id, count) : []);
    if (count > 0 && !returnImmediately && next().length === 0) {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      await streams.changed(id, AbortSignal.any([signal, gone.signal]), config.longPollMs);
    }
    const found = next();
    return {
      sets: Object.fromEntries(found.map(({ jti, set }) => [jti, set])),
      ...(streams.undelivered(id) > found.length && found.length > 0 ? { moreAvailable: true } : {}),
    };
  });
};
