// Generated from Signal.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Which way it went. */
export type SignalDirection = 'received' | 'sent' | 'unknown';

/** A security event token (RFC 8417) that was received or sent, and what became of it. */
export interface Signal {
  /** Deterministic identifier: direction, issuer and the token's jti. */
  signalId: string;
  /** Subject that the event is about, as text. Also the message key. */
  subject: string;
  /** Which way it went. */
  direction: SignalDirection;
  /** Issuer of the token (iss). */
  issuer: string;
  /** Identifier of the token, unique at its issuer. */
  jti: string;
  /** URI of the event type. */
  event: string;
  /** Claims of the token as JSON. */
  claims: string;
  /** SHA-256 of the token as it was sent, hexadecimal: tells a retry from another token under the same jti. */
  digest: string;
  /** When the token was issued (iat), epoch milliseconds. */
  issuedAt: number;
  /** What became of it: decided, unmapped, noted, queued. */
  outcome: string;
  /** Credentials that were decided on. */
  credentials: string[];
  /** When it was received or queued, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Signal}. */
export const SignalSchema = {
  "type": "record",
  "name": "Signal",
  "namespace": "ebbtide",
  "doc": "A security event token (RFC 8417) that was received or sent, and what became of it.",
  "fields": [
    {
      "name": "signalId",
      "type": "string",
      "doc": "Deterministic identifier: direction, issuer and the token's jti."
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject that the event is about, as text. Also the message key."
    },
    {
      "name": "direction",
      "type": {
        "type": "enum",
        "name": "SignalDirection",
        "doc": "Which way it went.",
        "symbols": [
          "received",
          "sent",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Which way it went."
    },
    {
      "name": "issuer",
      "type": "string",
      "doc": "Issuer of the token (iss)."
    },
    {
      "name": "jti",
      "type": "string",
      "doc": "Identifier of the token, unique at its issuer."
    },
    {
      "name": "event",
      "type": "string",
      "doc": "URI of the event type."
    },
    {
      "name": "claims",
      "type": "string",
      "doc": "Claims of the token as JSON."
    },
    {
      "name": "digest",
      "type": "string",
      "doc": "SHA-256 of the token as it was sent, hexadecimal: tells a retry from another token under the same jti."
    },
    {
      "name": "issuedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When the token was issued (iat), epoch milliseconds."
    },
    {
      "name": "outcome",
      "type": "string",
      "doc": "What became of it: decided, unmapped, noted, queued."
    },
    {
      "name": "credentials",
      "type": {
        "type": "array",
        "items": "string"
      },
      "doc": "Credentials that were decided on.",
      "default": []
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was received or queued, epoch milliseconds."
    }
  ]
} as const;
