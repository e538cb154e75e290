import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import type { TopicCodec } from '../../../schemas/codec.ts';
import type { Alert } from '../../../schemas/generated/index.ts';
import type { OutgoingMessage } from '../../kafka/types.ts';
import type { Peer } from './config.ts';
import type { Stream } from './transmitter/stream.ts';

const hourMs = 3_600_000;
/** Refusals that mean that somebody else speaks, or speaks to somebody else. */
const grave: ReadonlySet<string> = new Set(['invalid_key', 'invalid_issuer', 'invalid_audience']);

/** Alerts of shared signals: each once an hour for whom it is about. */
export class SignalAlerts {
  readonly #send: (message: OutgoingMessage) => Promise<void>;
  readonly #codec: TopicCodec<Alert>;
  readonly #now: () => number;
  readonly #raised = new LastSeen<string, true>(10_000);

  constructor(send: (message: OutgoingMessage) => Promise<void>, codec: TopicCodec<Alert>, now: () => number) {
    this.#send = send;
    this.#codec = codec;
    this.#now = now;
  }

  /** A receiver does not take its events. */
  overflow({ stream_id, receiver }: Stream, maxUndelivered: number): Promise<void> {
    const summary = `Receiver ${receiver} does not take its security events: the oldest of more than ${maxUndelivered} are given up`;
    return this.#raise('streamOverflow', stream_id, receiver, 'critical', summary);
  }

  /** A token of a transmitter was taken or refused. */
  async taken(outcome: string, { name }: Peer): Promise<void> {
    if (!grave.has(outcome)) return;
    const summary = `A token with the credentials of transmitter ${name} was refused (${outcome}): its keys or names have changed, or somebody forges its tokens`;
    await this.#raise('signalRefused', `${name}/${outcome}`, name, 'warning', summary);
  }

  async #raise(
    kind: string,
    about: string,
    subject: string,
    severity: Alert['severity'],
    summary: string,
  ): Promise<void> {
    const at = this.#now();
    const alertId = `${kind}/${about}/${Math.floor(at / hourMs)}`;
    if (this.#raised.has(alertId)) return;
    this.#raised.set(alertId, true);
    const alert: Alert = { alertId, subject, pipeline: 'signals', kind, severity, summary, decisionId: null, at };
    await this.#send({ topic: this.#codec.topic.name, key: subject, value: this.#codec.encode(alert) });
  }
}
