import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { EbbtideError } from '../../../../schemas/errors.ts';
import { caepEvents, deliveryMethods } from '../../../../schemas/securityEvents.ts';
import { type Outbound, textOf } from '../../../http/outbound.ts';
import type { Logger } from '../../../log.ts';
import { jitteredBackoffMs } from '../../../vault/retry.ts';
import type { Peer, ReceiverConfig } from '../config.ts';
import { getMetadata } from './peerKeys.ts';
import type { OnTaken, SignalReceiver } from './receiver.ts';
import { SetError } from './setError.ts';

/** What polling a transmitter works with. */
export interface PollerParts {
  readonly receiver: SignalReceiver;
  readonly config: ReceiverConfig;
  /** Bearer token for the transmitter. */
  readonly token: string;
  readonly outbound: Outbound;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onTaken: OnTaken;
}

/** Longer than a transmitter makes wait. */
const timeoutMs = 90_000;
const largestAnswer = 10_000_000;
const backoff = { retries: 0, backoffMs: 1_000, maxBackoffMs: 60_000 };

const streamSchema = z.looseObject({
  stream_id: z.string().min(1),
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  delivery: z.looseObject({ method: z.string(), endpoint_url: z.url().optional() }),
});
const answerSchema = z.looseObject({ sets: z.record(z.string(), z.string()).default({}) });

/**
 * Poll a transmitter until the signal: a stream is set up there unless an address is configured, and each token that
 * it has is taken in, and then acknowledged or refused.
 *
 * Source: RFC 8936
 */
export const pollPeer = async (peer: Peer, parts: PollerParts): Promise<void> => {
  const { signal, log } = parts;
  let url = peer.pollUrl;
  let failures = 0;
  let done: Acknowledgement = { ack: [], setErrs: {} };
  while (!signal.aborted) {
    try {
      url ??= await setUpStream(peer, parts);
      const { sets } = answerSchema.parse(
        await send(url, { ...done, returnImmediately: false, maxEvents: 100 }, peer, parts),
      );
      const taken = await takeAll(sets, peer, parts);
      done = taken.done;
      failures = 0;
      // What is not acknowledged comes again at once
      if (taken.failed > 0 || Object.keys(sets).length === 0) await sleep(peer.pollMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      log.warn({ transmitter: peer.name, error: (error as Error).message }, 'transmitter not polled');
      // The stream may be gone: look for it anew
      url = peer.pollUrl;
      await sleep(jitteredBackoffMs(backoff, failures), undefined, { signal }).catch(() => {});
    }
  }
};

interface Acknowledgement {
  readonly ack: string[];
  readonly setErrs: Record<string, { err: string; description: string }>;
}

/** Take in each token; one that fails is left unacknowledged, to come again, and holds up no other. */
const takeAll = async (
  sets: Readonly<Record<string, string>>,
  peer: Peer,
  { receiver, onTaken, log, signal }: PollerParts,
): Promise<{ readonly done: Acknowledgement; readonly failed: number }> => {
  const done: Acknowledgement = { ack: [], setErrs: {} };
  let failed = 0;
  for (const [jti, set] of Object.entries(sets)) {
    if (signal.aborted) break;
    try {
      onTaken(await receiver.take(set, peer), peer);
      done.ack.push(jti);
    } catch (error) {
      if (!(error instanceof SetError)) {
        failed++;
        log.error({ transmitter: peer.name, jti, error: (error as Error).message }, 'polled token not taken');
        continue;
      }
      onTaken(error.err, peer);
      log.warn({ transmitter: peer.name, jti, err: error.err, message: error.message }, 'polled token refused');
      done.setErrs[jti] = { err: error.err, description: error.message };
    }
  }
  return { done, failed };
};

/**
 * Find our stream at a transmitter, or make one, and ask for its verification.
 *
 * @returns where it is polled
 */
const setUpStream = async (peer: Peer, parts: PollerParts): Promise<string> => {
  const metadata = await getMetadata(peer, parts.outbound);
  const { configuration_endpoint: endpoint, verification_endpoint: verification } = metadata;
  if (endpoint === undefined)
    throw new EbbtideError('REQUEST_INVALID', `${peer.issuer} has no configuration endpoint; name its pollUrl`);
  const listed = z.array(streamSchema).safeParse(await send(endpoint, undefined, peer, parts));
  const found = listed.data?.find(({ delivery }) => delivery.method === deliveryMethods.poll);
  const wanted = { delivery: { method: deliveryMethods.poll }, events_requested: caepEvents, description: 'Ebbtide' };
  const stream = found ?? streamSchema.parse(await send(endpoint, wanted, peer, parts));
  const audience = [stream.aud].flat();
  if (stream.iss !== peer.issuer || !audience.some((one) => parts.config.audience.includes(one)))
    throw new EbbtideError(
      'REQUEST_INVALID',
      `The stream at ${peer.issuer} is of ${stream.iss} for ${audience.join(', ')}, which signals.receiver.audience does not name`,
    );
  const { endpoint_url: url } = stream.delivery;
  if (url === undefined)
    throw new EbbtideError('REQUEST_INVALID', `The stream at ${peer.issuer} has no address to poll`);
  if (verification !== undefined) {
    const state = randomUUID();
    parts.receiver.expect(peer, stream.stream_id, state);
    await send(verification, { stream_id: stream.stream_id, state }, peer, parts).catch((error: unknown) => {
      parts.log.info({ transmitter: peer.name, error: (error as Error).message }, 'stream not verified');
    });
  }
  parts.log.info({ transmitter: peer.name, stream: stream.stream_id }, 'stream set up');
  return url;
};

/** Send JSON, or ask where there is nothing to send; gives the answer's JSON, or an empty object. */
const send = async (url: string, body: object | undefined, peer: Peer, parts: PollerParts): Promise<unknown> => {
  const answer = await parts.outbound.request({
    url,
    ...(body === undefined ? {} : { method: 'POST' as const, body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${parts.token}` },
    timeoutMs,
    signal: AbortSignal.any([parts.signal, AbortSignal.timeout(timeoutMs)]),
    allowHttp: peer.allowHttp,
    allowPrivateAddress: peer.allowPrivateAddress,
  });
  const text = await textOf(answer.body, largestAnswer);
  if (answer.status >= 300)
    throw new EbbtideError('REQUEST_INVALID', `${url} answered ${answer.status}`, { url, status: answer.status });
  return text === '' ? {} : JSON.parse(text);
};
