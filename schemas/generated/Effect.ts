// Generated from Effect.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What was to happen. */
export type EffectAction = 'extend' | 'keep' | 'shorten' | 'revoke' | 'restore' | 'narrow' | 'widen' | 'prepare' | 'used' | 'end' | 'unknown';

/** What became of it. */
export type Outcome = 'enforced' | 'advisory' | 'impossible' | 'skipped' | 'unknown';

/** What became of a decision at Vault. */
export interface Effect {
  /** Decision applied. One decision has one effect. */
  decisionId: string;
  /** Subject decided about. Also the message key. */
  subject: string;
  /** Pipeline that decided. */
  pipeline: string;
  /** What was to happen. */
  action: EffectAction;
  /** enforced: Vault did it and it was read back; advisory: done, but its holder can undo it, or only the register changed; impossible: Vault cannot; skipped: not tried. */
  outcome: Outcome;
  /** Why, in a sentence for people, never with a secret. */
  detail: string;
  /** For skipped: shadow, late, superseded, withheld, unregistered, killSwitch, budget; else empty. */
  skipped: string;
  /** Remaining life asked for, milliseconds, 0 and up. */
  requestedTtlMs: number;
  /** Remaining life that Vault then said, milliseconds, 0 and up; null when unknown. */
  remainingMs: null | number;
  /** Expiry that Vault then said, epoch milliseconds. */
  expiresAt: null | number;
  /** HTTP status of Vault's answer, 0 when it was not asked. */
  status: number;
  /** Tries it took, 0 and up. */
  attempts: number;
  /** From the decision's arrival to the effect, milliseconds, 0 and up. */
  latencyMs: number;
  /** When, epoch milliseconds. */
  appliedAt: number;
}

/** The Avro schema of {@link Effect}. */
export const EffectSchema = {
  "type": "record",
  "name": "Effect",
  "namespace": "ebbtide",
  "doc": "What became of a decision at Vault.",
  "fields": [
    {
      "name": "decisionId",
      "type": "string",
      "doc": "Decision applied. One decision has one effect."
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject decided about. Also the message key."
    },
    {
      "name": "pipeline",
      "type": "string",
      "doc": "Pipeline that decided."
    },
    {
      "name": "action",
      "type": {
        "type": "enum",
        "name": "EffectAction",
        "doc": "What was to happen.",
        "symbols": [
          "extend",
          "keep",
          "shorten",
          "revoke",
          "restore",
          "narrow",
          "widen",
          "prepare",
          "used",
          "end",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What was to happen."
    },
    {
      "name": "outcome",
      "type": {
        "type": "enum",
        "name": "Outcome",
        "doc": "What became of it.",
        "symbols": [
          "enforced",
          "advisory",
          "impossible",
          "skipped",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "enforced: Vault did it and it was read back; advisory: done, but its holder can undo it, or only the register changed; impossible: Vault cannot; skipped: not tried."
    },
    {
      "name": "detail",
      "type": "string",
      "doc": "Why, in a sentence for people, never with a secret.",
      "default": ""
    },
    {
      "name": "skipped",
      "type": "string",
      "doc": "For skipped: shadow, late, superseded, withheld, unregistered, killSwitch, budget; else empty.",
      "default": ""
    },
    {
      "name": "requestedTtlMs",
      "type": "long",
      "doc": "Remaining life asked for, milliseconds, 0 and up.",
      "default": 0
    },
    {
      "name": "remainingMs",
      "type": [
        "null",
        "long"
      ],
      "doc": "Remaining life that Vault then said, milliseconds, 0 and up; null when unknown.",
      "default": null
    },
    {
      "name": "expiresAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "Expiry that Vault then said, epoch milliseconds.",
      "default": null
    },
    {
      "name": "status",
      "type": "int",
      "doc": "HTTP status of Vault's answer, 0 when it was not asked.",
      "default": 0
    },
    {
      "name": "attempts",
      "type": "int",
      "doc": "Tries it took, 0 and up.",
      "default": 0
    },
    {
      "name": "latencyMs",
      "type": "double",
      "doc": "From the decision's arrival to the effect, milliseconds, 0 and up.",
      "default": 0
    },
    {
      "name": "appliedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When, epoch milliseconds."
    }
  ]
} as const;
