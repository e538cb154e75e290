// Generated from Translation.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** A row of the credential translation table: what a frontend credential is entitled to at one backend service. Compacted; a tombstone removes the row. */
export interface Translation {
  /** Frontend credential and service joined by '/'. Also the message key. */
  key: string;
  /** Identifier of the caller's credential, never the credential itself. */
  frontendCredential: string;
  /** Backend service. */
  service: string;
  /** Group of callers whose policy governs it; empty for none. */
  group: string;
  /** User whose credential it is, as the delivery service knows them: its risk is theirs too. Empty where it is nobody's own. */
  owner: string;
  /** Scope that the credential is entitled to, as the scopes of the policy name it. */
  defaultScope: string;
  /** Reference in Vault (path or accessor, never the secret) of the backend credential for each scope, by the scope's name. */
  backendCredentials: Record<string, string>;
  /** Hash of the row's content. */
  version: string;
  /** When it was set, epoch milliseconds. */
  at: number;
  /** Who set it. */
  by: string;
  /** Why. */
  reason: string;
}

/** The Avro schema of {@link Translation}. */
export const TranslationSchema = {
  "type": "record",
  "name": "Translation",
  "namespace": "ebbtide",
  "doc": "A row of the credential translation table: what a frontend credential is entitled to at one backend service. Compacted; a tombstone removes the row.",
  "fields": [
    {
      "name": "key",
      "type": "string",
      "doc": "Frontend credential and service joined by '/'. Also the message key."
    },
    {
      "name": "frontendCredential",
      "type": "string",
      "doc": "Identifier of the caller's credential, never the credential itself."
    },
    {
      "name": "service",
      "type": "string",
      "doc": "Backend service."
    },
    {
      "name": "group",
      "type": "string",
      "doc": "Group of callers whose policy governs it; empty for none.",
      "default": ""
    },
    {
      "name": "owner",
      "type": "string",
      "doc": "User whose credential it is, as the delivery service knows them: its risk is theirs too. Empty where it is nobody's own.",
      "default": ""
    },
    {
      "name": "defaultScope",
      "type": "string",
      "doc": "Scope that the credential is entitled to, as the scopes of the policy name it."
    },
    {
      "name": "backendCredentials",
      "type": {
        "type": "map",
        "values": "string"
      },
      "doc": "Reference in Vault (path or accessor, never the secret) of the backend credential for each scope, by the scope's name.",
      "default": {}
    },
    {
      "name": "version",
      "type": "string",
      "doc": "Hash of the row's content."
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was set, epoch milliseconds."
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Who set it."
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why.",
      "default": ""
    }
  ]
} as const;
