import { deliveryMethods, type SubjectId } from '../../../../schemas/securityEvents.ts';

/** A stream's state (SSF 1.0, section 8.1.2). */
export type StreamStatus = 'enabled' | 'paused' | 'disabled';

/** How a stream's tokens reach their receiver. */
export type Delivery =
  | {
      readonly method: typeof deliveryMethods.push;
      readonly endpoint_url: string;
      readonly authorization_header?: string | undefined;
    }
  | { readonly method: typeof deliveryMethods.poll };

/** A stream as it is kept. */
export interface Stream {
  readonly stream_id: string;
  /** Name of the receiver that it belongs to. */
  readonly receiver: string;
  readonly aud: readonly string[];
  readonly events_requested: readonly string[];
  readonly delivery: Delivery;
  readonly description?: string | undefined;
  readonly status: StreamStatus;
  readonly reason?: string | undefined;
  /** Subjects that were removed, as canonical text: all others are in the stream. */
  readonly removed: readonly string[];
}

/** Text by which two simple subjects are one; members in whatever order. */
export const subjectKey = (subject: SubjectId): string =>
  JSON.stringify(Object.entries(subject).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A subject as text for people. */
export const subjectText = (subject: SubjectId): string => {
  const { format, email, id, sub } = subject;
  const value = format === 'email' ? email : format === 'opaque' ? id : format === 'iss_sub' ? sub : undefined;
  return typeof value === 'string' && value !== '' ? value : subjectKey(subject).slice(0, 500);
};

/** Whether a stream takes an event. */
export const takes = (stream: Stream, supported: readonly string[], type: string, subject: SubjectId): boolean =>
  stream.status !== 'disabled' &&
  supported.includes(type) &&
  stream.events_requested.includes(type) &&
  !stream.removed.includes(subjectKey(subject));

/** A stream as its receiver is shown it (SSF 1.0, section 8.1.1). */
export const streamView = (
  { stream_id, aud, events_requested, delivery, description }: Stream,
  { issuer, supported, minVerificationMs }: { issuer: string; supported: readonly string[]; minVerificationMs: number },
) => ({
  stream_id,
  iss: issuer,
  aud,
  events_supported: supported,
  events_requested,
  events_delivered: events_requested.filter((type) => supported.includes(type)),
  delivery:
    delivery.method === deliveryMethods.poll
      ? { ...delivery, endpoint_url: `${issuer}/ssf/poll/${stream_id}` }
      : { method: delivery.method, endpoint_url: delivery.endpoint_url },
  min_verification_interval: Math.ceil(minVerificationMs / 1000),
  ...(description === undefined ? {} : { description }),
});
