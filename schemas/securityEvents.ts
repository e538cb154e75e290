/** Event types of security event tokens that Ebbtide sends or understands, by URI. */
export const eventTypes = {
  sessionRevoked: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
  credentialChange: 'https://schemas.openid.net/secevent/caep/event-type/credential-change',
  riskLevelChange: 'https://schemas.openid.net/secevent/caep/event-type/risk-level-change',
  verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
  streamUpdated: 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated',
} as const;

/** CAEP events, which a receiver may ask a stream for. */
export const caepEvents: readonly string[] = [
  eventTypes.sessionRevoked,
  eventTypes.credentialChange,
  eventTypes.riskLevelChange,
];

/** Delivery methods of the Shared Signals Framework. */
export const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const;

/** A subject identifier (RFC 9493): its format and the members of that. */
export type SubjectId = Readonly<Record<string, unknown>> & { readonly format: string };

/** A security event about a subject, before it becomes a token. */
export interface SecurityEvent {
  /** Says that events have one cause, and which: unique to it. */
  readonly txn: string;
  /** URI. */
  readonly type: string;
  /** The credential concerned. */
  readonly subject: string;
  /** Claims of the event type, `event_timestamp` among them. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Risk levels of CAEP. */
export type RiskLevel = 'LOW' | 'MEDIUM' | 'HIGH';

/** Claims of a security event token (RFC 8417 as SSF 1.0 profiles it), once it has been checked. */
export interface SecurityEventClaims {
  readonly iss: string;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly aud: string | readonly string[];
  readonly txn?: string | undefined;
  readonly sub_id: SubjectId;
  /** One event type with its claims. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
