// Generated from Credential.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What Vault issued. */
export type CredentialKind = 'token' | 'lease' | 'certificate' | 'key' | 'unknown';

/** How far its life can be shortened. */
export type Shortening = 'continuous' | 'revocable' | 'none' | 'unknown';

/** Where it is in its life. */
export type CredentialStatus = 'active' | 'ended' | 'unknown';

/** A credential in the register: everything needed to act on it, and never the secret itself. */
export interface Credential {
  /** Identifier of the credential, unique. Also the message key, and the subject of its scores and decisions. */
  credentialId: string;
  /** What Vault issued. */
  kind: CredentialKind;
  /** What Vault calls it: a token's accessor, a lease id, a certificate's or key's serial number. */
  reference: string;
  /** Mount of the auth method or secrets engine that issued it. */
  mount: string;
  /** Role under which it was issued. */
  role: string;
  /** Vault entity it belongs to. */
  entityId: null | string;
  /** Function that holds it. */
  function: string;
  /** Instance of the function that holds it. */
  instance: string;
  /** Event it was issued for; empty when adopted. */
  event: string;
  /** When it was issued, epoch milliseconds. */
  issuedAt: number;
  /** When it expires as issued, epoch milliseconds. */
  expiresAt: number;
  /** TTL as issued, milliseconds, 1 and up. */
  ttlMs: number;
  /** Longest TTL a decision may give it, milliseconds, ttlMs and up. */
  maxTtlMs: number;
  /** When it ends whatever is renewed (explicit maximum TTL), epoch milliseconds. */
  explicitMaxExpiresAt: null | number;
  /** How far its life can be shortened: by renewing with less (continuous), by revoking alone (revocable), or not at all (none). */
  shortening: Shortening;
  /** Where it is in its life. */
  status: CredentialStatus;
}

/** The Avro schema of {@link Credential}. */
export const CredentialSchema = {
  "type": "record",
  "name": "Credential",
  "namespace": "ebbtide",
  "doc": "A credential in the register: everything needed to act on it, and never the secret itself.",
  "fields": [
    {
      "name": "credentialId",
      "type": "string",
      "doc": "Identifier of the credential, unique. Also the message key, and the subject of its scores and decisions."
    },
    {
      "name": "kind",
      "type": {
        "type": "enum",
        "name": "CredentialKind",
        "doc": "What Vault issued.",
        "symbols": [
          "token",
          "lease",
          "certificate",
          "key",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What Vault issued."
    },
    {
      "name": "reference",
      "type": "string",
      "doc": "What Vault calls it: a token's accessor, a lease id, a certificate's or key's serial number."
    },
    {
      "name": "mount",
      "type": "string",
      "doc": "Mount of the auth method or secrets engine that issued it.",
      "default": "auth/token"
    },
    {
      "name": "role",
      "type": "string",
      "doc": "Role under which it was issued."
    },
    {
      "name": "entityId",
      "type": [
        "null",
        "string"
      ],
      "doc": "Vault entity it belongs to.",
      "default": null
    },
    {
      "name": "function",
      "type": "string",
      "doc": "Function that holds it."
    },
    {
      "name": "instance",
      "type": "string",
      "doc": "Instance of the function that holds it."
    },
    {
      "name": "event",
      "type": "string",
      "doc": "Event it was issued for; empty when adopted.",
      "default": ""
    },
    {
      "name": "issuedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was issued, epoch milliseconds."
    },
    {
      "name": "expiresAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it expires as issued, epoch milliseconds."
    },
    {
      "name": "ttlMs",
      "type": "long",
      "doc": "TTL as issued, milliseconds, 1 and up."
    },
    {
      "name": "maxTtlMs",
      "type": "long",
      "doc": "Longest TTL a decision may give it, milliseconds, ttlMs and up."
    },
    {
      "name": "explicitMaxExpiresAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When it ends whatever is renewed (explicit maximum TTL), epoch milliseconds.",
      "default": null
    },
    {
      "name": "shortening",
      "type": {
        "type": "enum",
        "name": "Shortening",
        "doc": "How far its life can be shortened.",
        "symbols": [
          "continuous",
          "revocable",
          "none",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "How far its life can be shortened: by renewing with less (continuous), by revoking alone (revocable), or not at all (none)."
    },
    {
      "name": "status",
      "type": {
        "type": "enum",
        "name": "CredentialStatus",
        "doc": "Where it is in its life.",
        "symbols": [
          "active",
          "ended",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Where it is in its life.",
      "default": "active"
    }
  ]
} as const;
