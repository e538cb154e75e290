import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { deliveryMethods, type SubjectId } from '../../../../schemas/securityEvents.ts';
import { checkReach } from '../../../http/outbound.ts';
import { Problem } from '../../../http/problem.ts';
import type { ReceiverAccount } from '../config.ts';
import type { Access } from './access.ts';
import { changeStatus, changeStream, changeSubject, createStream, parsed, verifyStream } from './requests.ts';
import { type Delivery, type Stream, streamView, subjectKey } from './stream.ts';
import type { QueuedToken, Transmitter } from './transmitter.ts';

/** What the stream management works with. */
export interface TransmitterRouteParts {
  readonly transmitter: Transmitter;
  readonly access: Access;
  /** Told of a new stream, which is to be pushed. */
  readonly onStream: (stream: Stream) => void;
  /** Told of each token that was put into a stream. */
  readonly onQueued: (token: QueuedToken) => Promise<void>;
}

/** The stream of a receiver by its id; other receivers' streams do not exist for it. @throws {Problem} 404 */
export const streamOf = (account: ReceiverAccount, id: string | undefined, { parts }: Transmitter): Stream => {
  const stream = id === undefined ? undefined : parts.streams.get(id);
  if (stream?.receiver !== account.name) throw new Problem(404, 'not-found', 'There is no such stream');
  return stream;
};

type Query = { Querystring: { stream_id?: string } };

/** The stream management API (SSF 1.0, section 8), under `/ssf/`. */
export const transmitterRoutes = (app: FastifyInstance, parts: TransmitterRouteParts): void => {
  const { transmitter, access } = parts;
  const { streams, config, now } = transmitter.parts;
  const verifiedAt = new Map<string, number>();

  const view = (stream: Stream) =>
    streamView(stream, {
      issuer: transmitter.parts.issuer,
      supported: transmitter.supported(stream),
      minVerificationMs: config.minVerificationMs,
    });
  const deliveryOf = (account: ReceiverAccount, delivery: Delivery | undefined): Delivery => {
    if (delivery?.method !== deliveryMethods.push) return { method: deliveryMethods.poll };
    try {
      checkReach(delivery.endpoint_url, account);
    } catch (error) {
      if (!isEbbtideError(error)) throw error;
      throw new Problem(400, 'request-invalid', `delivery.endpoint_url: ${error.message}`);
    }
    return delivery;
  };
  const checkSupplied = (stream: Stream, body: Record<string, unknown>): void => {
    const shown = view(stream) as Record<string, unknown>;
    for (const key of ['iss', 'aud', 'events_supported', 'events_delivered'])
      if (body[key] !== undefined && !isDeepStrictEqual(body[key], shown[key]))
        throw new Problem(400, 'request-invalid', `${key} is the transmitter's to say, and differs`);
  };

  app.post('/ssf/streams', async (request, reply) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(createStream, request.body);
    if (streams.all().filter(({ receiver }) => receiver === account.name).length >= config.maxStreams)
      throw new Problem(409, 'too-many-streams', `There may be ${config.maxStreams} streams; delete one`);
    const stream: Stream = {
      stream_id: randomUUID().replaceAll('-', ''),
      receiver: account.name,
      aud: account.audience,
      events_requested: body.events_requested ?? account.events,
      delivery: deliveryOf(account, body.delivery as Delivery | undefined),
      description: body.description,
      status: 'enabled',
      removed: [],
    };
    await streams.put(stream);
    parts.onStream(stream);
    return reply.status(201).send(view(stream));
  });

  app.get<Query>('/ssf/streams', async (request) => {
    const account = await access.authenticate(request, 'read');
    const { stream_id } = request.query;
    if (stream_id !== undefined) return view(streamOf(account, stream_id, transmitter));
    return streams
      .all()
      .filter(({ receiver }) => receiver === account.name)
      .map(view);
  });

  app.patch('/ssf/streams', async (request) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(changeStream, request.body);
    const stream = streamOf(account, body.stream_id, transmitter);
    checkSupplied(stream, body);
    const changed: Stream = {
      ...stream,
      events_requested: body.events_requested ?? stream.events_requested,
      delivery: body.delivery ? deliveryOf(account, body.delivery as Delivery) : stream.delivery,
      description: body.description ?? stream.description,
    };
    await streams.put(changed);
    return view(changed);
  });

  app.put('/ssf/streams', async (request) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(changeStream, request.body);
    const stream = streamOf(account, body.stream_id, transmitter);
    checkSupplied(stream, body);
    const changed: Stream = {
      ...stream,
      events_requested: body.events_requested ?? [],
      delivery: deliveryOf(account, body.delivery as Delivery | undefined),
      description: body.description,
    };
    await streams.put(changed);
    return view(changed);
  });

  app.delete<Query>('/ssf/streams', async (request, reply) => {
    const stream = streamOf(await access.authenticate(request, 'manage'), request.query.stream_id, transmitter);
    await streams.delete(stream.stream_id);
    verifiedAt.delete(stream.stream_id);
    return reply.status(204).send();
  });

  const status = ({ stream_id, status, reason }: Stream) => ({
    stream_id,
    status,
    ...(reason === undefined ? {} : { reason }),
  });
  app.get<Query>('/ssf/status', async (request) =>
    status(streamOf(await access.authenticate(request, 'manage'), request.query.stream_id, transmitter)),
  );
  app.post('/ssf/status', async (request) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(changeStatus, request.body);
    const changed: Stream = {
      ...streamOf(account, body.stream_id, transmitter),
      status: body.status,
      reason: body.reason,
    };
    await streams.put(changed);
    return status(changed);
  });

  const changeSubjects = async (request: FastifyRequest, change: (removed: Set<string>, key: string) => void) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(changeSubject, request.body);
    const stream = streamOf(account, body.stream_id, transmitter);
    const removed = new Set(stream.removed);
    change(removed, subjectKey(body.subject as SubjectId));
    if (removed.size > config.maxSubjects)
      throw new Problem(403, 'too-many-subjects', `No more than ${config.maxSubjects} subjects may be removed`);
    await streams.put({ ...stream, removed: [...removed] });
  };
  // All subjects are in a stream until they are removed (default_subjects ALL)
  app.post('/ssf/subjects/add', async (request, reply) => {
    await changeSubjects(request, (removed, key) => removed.delete(key));
    return reply.status(200).send();
  });
  app.post('/ssf/subjects/remove', async (request, reply) => {
    await changeSubjects(request, (removed, key) => removed.add(key));
    return reply.status(204).send();
  });

  app.post('/ssf/verify', async (request, reply) => {
    const account = await access.authenticate(request, 'manage');
    const body = parsed(verifyStream, request.body);
    const stream = streamOf(account, body.stream_id, transmitter);
    const since = now() - (verifiedAt.get(stream.stream_id) ?? Number.NEGATIVE_INFINITY);
    if (since < config.minVerificationMs) {
      reply.header('retry-after', String(Math.ceil((config.minVerificationMs - since) / 1000)));
      throw new Problem(429, 'too-many-requests', 'The stream has been verified a moment ago');
    }
    verifiedAt.set(stream.stream_id, now());
    await parts.onQueued(await transmitter.verify(stream, body.state));
    return reply.status(204).send();
  });
};
