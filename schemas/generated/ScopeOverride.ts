// Generated from ScopeOverride.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Whether the gateway applies it. */
export type OverrideMode = 'shadow' | 'enforce';

/** Dynamic Scope Override: the scope that the behaviour of a frontend credential has earned. Compacted; a tombstone lifts it. */
export interface ScopeOverride {
  /** Identifier of the caller's credential, after 'signals ' where another party's event blocks it beside what behaviour earned. Also the message key. */
  frontendCredential: string;
  /** Name of the scope, as the scopes of the policy define it. */
  scope: string;
  /** The one service that stays open where the scope is a single service; null otherwise. */
  service: null | string;
  /** Risk that led to it, 0 to 100. */
  risk: number;
  /** Whether the gateway applies it (enforce) or only reports it (shadow). */
  mode: OverrideMode;
  /** When it lapses, epoch milliseconds; null means never. */
  expiresAt: null | number;
  /** Decision that set it. */
  decisionId: string;
  /** Hash of the policy in force. */
  policyVersion: string;
  /** Why, most important first; for administrators, never shown to the caller. */
  reasons: string[];
  /** Event time of the decision, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link ScopeOverride}. */
export const ScopeOverrideSchema = {
  "type": "record",
  "name": "ScopeOverride",
  "namespace": "ebbtide",
  "doc": "Dynamic Scope Override: the scope that the behaviour of a frontend credential has earned. Compacted; a tombstone lifts it.",
  "fields": [
    {
      "name": "frontendCredential",
      "type": "string",
      "doc": "Identifier of the caller's credential, after 'signals ' where another party's event blocks it beside what behaviour earned. Also the message key."
    },
    {
      "name": "scope",
      "type": "string",
      "doc": "Name of the scope, as the scopes of the policy define it."
    },
    {
      "name": "service",
      "type": [
        "null",
        "string"
      ],
      "doc": "The one service that stays open where the scope is a single service; null otherwise.",
      "default": null
    },
    {
      "name": "risk",
      "type": "double",
      "doc": "Risk that led to it, 0 to 100."
    },
    {
      "name": "mode",
      "type": {
        "type": "enum",
        "name": "OverrideMode",
        "doc": "Whether the gateway applies it.",
        "symbols": [
          "shadow",
          "enforce"
        ],
        "default": "shadow"
      },
      "doc": "Whether the gateway applies it (enforce) or only reports it (shadow)."
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
      "doc": "When it lapses, epoch milliseconds; null means never.",
      "default": null
    },
    {
      "name": "decisionId",
      "type": "string",
      "doc": "Decision that set it."
    },
    {
      "name": "policyVersion",
      "type": "string",
      "doc": "Hash of the policy in force."
    },
    {
      "name": "reasons",
      "type": {
        "type": "array",
        "items": "string"
      },
      "doc": "Why, most important first; for administrators, never shown to the caller.",
      "default": []
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Event time of the decision, epoch milliseconds."
    }
  ]
} as const;
