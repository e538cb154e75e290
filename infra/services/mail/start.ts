import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TokenBucket } from '../../../operators/actuate/tokenBucket.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Alert } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import { withRetry } from '../../vault/retry.ts';
import { type Letter, lettersOf } from './compose.ts';
import type { MailConfig } from './config.ts';
import { mailMetrics } from './metrics.ts';
import { openTransport, smtpOutcome } from './transport.ts';

/** Addresses and messages remembered at most. */
const addresses = 10_000;
const messages = 50_000;
const hourS = 3_600;

/**
 * Start the service that mails notices to users and alerts to administrators. A message is sent at least once for each
 * alert; one that comes again within this process's memory is not, and beyond it has the same Message-ID.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where the password's file cannot be read, or what Kafka failed with
 * @example
 * const running = await startMail(context, { mail: config.mail });
 */
export const startMail = async (
  context: AppContext,
  { mail: config }: { readonly mail: MailConfig },
): Promise<Running> => {
  const { kafka, registry, log, metrics } = context;
  const transport = await openTransport(config);
  const results = mailMetrics(metrics);
  const codec = await TopicCodec.open<Alert>(topics.alerts, registry);
  await kafka.partitionsOf(topics.alerts.name);
  const consumer = await kafka.consumer({ groupId: 'ebbtide-mail', topics: [topics.alerts.name], batchSize: 50 });
  const limits = new LastSeen<string, TokenBucket>(addresses);
  const sent = new LastSeen<string, true>(messages);
  const stopping = new AbortController();
  let lastError = '';

  const allowed = (to: string): boolean => {
    const now = performance.now();
    const per = { perSecond: config.messagesPerHour / hourS, burst: config.messagesPerHour };
    const bucket = limits.get(to) ?? new TokenBucket(per, now);
    limits.set(to, bucket);
    return bucket.tryTake(now);
  };
  const deliver = async ({ to, subject, text, messageId }: Letter): Promise<void> => {
    if (sent.has(messageId)) return;
    if (!allowed(to)) return void results.inc({ result: 'limited' });
    const policy = { retries: config.attempts - 1, backoffMs: config.backoffMs, maxBackoffMs: config.maxBackoffMs };
    try {
      const send = () => transport.send({ to, subject, text, messageId });
      await withRetry(send, policy, mayPass, stopping.signal);
      sent.set(messageId, true);
      lastError = '';
      results.inc({ result: 'sent' });
    } catch (error) {
      if (stopping.signal.aborted) throw error;
      lastError = wordsOf(error);
      results.inc({ result: mayPass(error) ? 'givenUp' : 'refused' });
      log.error({ messageId, reason: lastError }, 'message cannot be sent');
    }
  };
  const run = async () => {
    for await (const batch of consumer.batches()) {
      for (const { value } of batch.messages) {
        const alert = value ? await codec.read(value).catch(() => undefined) : undefined;
        for (const letter of alert ? lettersOf(alert, config) : []) await deliver(letter);
      }
      await batch.ack();
    }
  };
  const running = run();
  const failed = new Promise<never>((_, reject) => {
    running.catch((error: unknown) => stopping.signal.aborted || reject(error));
  });
  failed.catch(() => {});
  return {
    name: 'mail',
    failed,
    async health() {
      if (!consumer.healthy())
        return { ready: false, detail: 'No partitions of alerts are assigned, or Kafka is away' };
      return lastError === '' ? { ready: true, detail: 'Mail is sent' } : { ready: false, detail: lastError };
    },
    async close() {
      stopping.abort();
      await consumer.close();
      await running.catch(() => {});
      transport.close();
    },
  };
};

const mayPass = (error: unknown): boolean => smtpOutcome(error).mayPass;

/** The server's words may quote what was sent: code and status are enough. */
const wordsOf = (error: unknown): string => {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  return `The mail server refuses or is away: ${[code, responseCode].filter(Boolean).join(' ') || 'unknown failure'}`;
};
