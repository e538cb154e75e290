import { setTimeout as sleep } from 'node:timers/promises';
import { deliveryMethods } from '../../../../schemas/securityEvents.ts';
import { type Outbound, textOf } from '../../../http/outbound.ts';
import type { Logger } from '../../../log.ts';
import { jitteredBackoffMs } from '../../../vault/retry.ts';
import type { ReceiverAccount, TransmitterConfig } from '../config.ts';
import type { Stream } from './stream.ts';
import type { Streams, Undelivered } from './streams.ts';

/** What pushing works with. */
export interface PusherParts {
  readonly streams: Streams;
  readonly accounts: ReadonlyMap<string, ReceiverAccount>;
  readonly config: TransmitterConfig;
  readonly outbound: Outbound;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of each answer: delivered, refused or failed. */
  readonly onPush: (outcome: 'delivered' | 'refused' | 'failed') => void;
}

const longestWaitMs = 60_000;
const longestAnswer = 16_384;

/**
 * Push a stream's tokens, one after the other in their order, each until its receiver accepts or refuses it.
 *
 * Source: RFC 8935
 */
export const pushStream = async (id: string, parts: PusherParts): Promise<void> => {
  const { streams, config, signal } = parts;
  let failures = 0;
  for (let stream = streams.get(id); stream && !signal.aborted; stream = streams.get(id)) {
    const [next] = streams.peek(id, 1);
    if (!next || stream.status !== 'enabled' || stream.delivery.method !== deliveryMethods.push) {
      await streams.changed(id, signal, longestWaitMs);
      continue;
    }
    const outcome = await push(stream, next, parts);
    if (signal.aborted) return;
    parts.onPush(outcome);
    if (outcome !== 'failed') {
      failures = 0;
      await streams.drop(id, [next.jti]);
      continue;
    }
    failures++;
    await sleep(jitteredBackoffMs({ ...config, retries: 0 }, failures), undefined, { signal }).catch(() => {});
  }
};

const push = async (
  { receiver, stream_id, delivery }: Stream,
  { jti, set }: Undelivered,
  { accounts, config, outbound, log, signal }: PusherParts,
): Promise<'delivered' | 'refused' | 'failed'> => {
  if (delivery.method !== deliveryMethods.push) return 'failed';
  const account = accounts.get(receiver);
  try {
    const answer = await outbound.request({
      url: delivery.endpoint_url,
      method: 'POST',
      headers: {
        'content-type': 'application/secevent+jwt',
        accept: 'application/json',
        ...(delivery.authorization_header === undefined ? {} : { authorization: delivery.authorization_header }),
      },
      body: set,
      timeoutMs: config.timeoutMs,
      signal: AbortSignal.any([signal, AbortSignal.timeout(config.timeoutMs)]),
      allowHttp: account?.allowHttp ?? false,
      allowPrivateAddress: account?.allowPrivateAddress ?? false,
    });
    const text = await textOf(answer.body, longestAnswer);
    // 200 where a receiver does not know that it should be 202
    if (answer.status === 202 || answer.status === 200) return 'delivered';
    log.warn(
      { stream: stream_id, jti, status: answer.status, answer: text.slice(0, 300) },
      'pushed token not accepted',
    );
    // The receiver has read it and will not have it: it would not have it the next time either
    return answer.status === 400 && /"err"/.test(text) ? 'refused' : 'failed';
  } catch (error) {
    if (!signal.aborted) log.warn({ stream: stream_id, jti, error: (error as Error).message }, 'token not pushed');
    return 'failed';
  }
};
