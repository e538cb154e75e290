// Generated from Decision.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What is to happen. */
export type Action = 'extend' | 'keep' | 'shorten' | 'revoke' | 'restore' | 'narrow' | 'widen' | 'prepare' | 'used' | 'end' | 'unknown';

/** Whether it is to be applied. */
export type Mode = 'shadow' | 'enforce';

/** What is to happen to a subject's credential, and why. */
export interface Decision {
  /** Deterministic identifier: pipeline/subject/window end. The key of idempotence. */
  decisionId: string;
  /** Subject decided about. Also the message key. */
  subject: string;
  /** Pipeline that decided. */
  pipeline: string;
  /** What is to happen. */
  action: Action;
  /** Whether it is to be applied (enforce) or only recorded (shadow). */
  mode: Mode;
  /** Why it is not to be applied although the mode is enforce: learning, exemption, budget, strikes, killSwitch; empty when it is to be applied. */
  withheld: string;
  /** TTL in force before, milliseconds, 0 and up. */
  oldTtlMs: number;
  /** TTL in force after, milliseconds, 0 (revoked) and up. */
  newTtlMs: number;
  /** Scope in force before; empty where the decision is not about scope. */
  oldScope: string;
  /** Scope in force after; empty where the decision is not about scope. */
  newScope: string;
  /** Why, in a sentence for people. */
  reason: string;
  /** Score that led to it, 0 to 1. */
  score: number;
  /** Risk that led to it, 0 to 100; 0 where the pipeline decides by score. */
  risk: number;
  /** Severity, 0 to 1. */
  severity: number;
  /** Frequency, 0 to 1. */
  frequency: number;
  /** Features that moved the score most, largest first. */
  features: string[];
  /** Harsh windows counted towards revocation, 0 and up. */
  strikes: number;
  /** Hash of the policy in force. */
  policyVersion: string;
  /** Version of the model that scored; empty where none did. */
  modelVersion: string;
  /** End of the window decided on (event time). */
  windowEnd: number;
  /** Partition's event time at the decision, epoch milliseconds. */
  decidedAt: number;
  /** After this it is too late to apply, epoch milliseconds; null means never too late. */
  deadline: null | number;
}

/** The Avro schema of {@link Decision}. */
export const DecisionSchema = {
  "type": "record",
  "name": "Decision",
  "namespace": "ebbtide",
  "doc": "What is to happen to a subject's credential, and why.",
  "fields": [
    {
      "name": "decisionId",
      "type": "string",
      "doc": "Deterministic identifier: pipeline/subject/window end. The key of idempotence."
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
        "name": "Action",
        "doc": "What is to happen.",
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
      "doc": "What is to happen."
    },
    {
      "name": "mode",
      "type": {
        "type": "enum",
        "name": "Mode",
        "doc": "Whether it is to be applied.",
        "symbols": [
          "shadow",
          "enforce"
        ],
        "default": "shadow"
      },
      "doc": "Whether it is to be applied (enforce) or only recorded (shadow)."
    },
    {
      "name": "withheld",
      "type": "string",
      "doc": "Why it is not to be applied although the mode is enforce: learning, exemption, budget, strikes, killSwitch; empty when it is to be applied.",
      "default": ""
    },
    {
      "name": "oldTtlMs",
      "type": "long",
      "doc": "TTL in force before, milliseconds, 0 and up.",
      "default": 0
    },
    {
      "name": "newTtlMs",
      "type": "long",
      "doc": "TTL in force after, milliseconds, 0 (revoked) and up.",
      "default": 0
    },
    {
      "name": "oldScope",
      "type": "string",
      "doc": "Scope in force before; empty where the decision is not about scope.",
      "default": ""
    },
    {
      "name": "newScope",
      "type": "string",
      "doc": "Scope in force after; empty where the decision is not about scope.",
      "default": ""
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why, in a sentence for people."
    },
    {
      "name": "score",
      "type": "double",
      "doc": "Score that led to it, 0 to 1."
    },
    {
      "name": "risk",
      "type": "double",
      "doc": "Risk that led to it, 0 to 100; 0 where the pipeline decides by score.",
      "default": 0
    },
    {
      "name": "severity",
      "type": "double",
      "doc": "Severity, 0 to 1.",
      "default": 0
    },
    {
      "name": "frequency",
      "type": "double",
      "doc": "Frequency, 0 to 1.",
      "default": 0
    },
    {
      "name": "features",
      "type": {
        "type": "array",
        "items": "string"
      },
      "doc": "Features that moved the score most, largest first.",
      "default": []
    },
    {
      "name": "strikes",
      "type": "int",
      "doc": "Harsh windows counted towards revocation, 0 and up.",
      "default": 0
    },
    {
      "name": "policyVersion",
      "type": "string",
      "doc": "Hash of the policy in force."
    },
    {
      "name": "modelVersion",
      "type": "string",
      "doc": "Version of the model that scored; empty where none did.",
      "default": ""
    },
    {
      "name": "windowEnd",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the window decided on (event time)."
    },
    {
      "name": "decidedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Partition's event time at the decision, epoch milliseconds."
    },
    {
      "name": "deadline",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "After this it is too late to apply, epoch milliseconds; null means never too late.",
      "default": null
    }
  ]
} as const;
