// Generated from ApiToken.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** A token by which a machine uses the console's API: everything but the secret, which is kept by its hash alone. */
export interface ApiToken {
  /** Identifier, a part of the token itself. Also the message key. */
  tokenId: string;
  /** What it is for. */
  name: string;
  /** Role that it gives: viewer, analyst, operator or administrator. */
  role: string;
  /** SHA-256 of the secret part, base64url. */
  hash: string;
  /** When it was made, epoch milliseconds. */
  createdAt: number;
  /** Who made it, and answers for what is done with it: a person's identifier. */
  createdBy: string;
  /** First moment at which it no longer works, epoch milliseconds. */
  expiresAt: number;
  /** When it was revoked, epoch milliseconds; null while it was not. */
  revokedAt: null | number;
  /** Who revoked it: a person's identifier; empty while it was not. */
  revokedBy: string;
}

/** The Avro schema of {@link ApiToken}. */
export const ApiTokenSchema = {
  "type": "record",
  "name": "ApiToken",
  "namespace": "ebbtide",
  "doc": "A token by which a machine uses the console's API: everything but the secret, which is kept by its hash alone.",
  "fields": [
    {
      "name": "tokenId",
      "type": "string",
      "doc": "Identifier, a part of the token itself. Also the message key."
    },
    {
      "name": "name",
      "type": "string",
      "doc": "What it is for."
    },
    {
      "name": "role",
      "type": "string",
      "doc": "Role that it gives: viewer, analyst, operator or administrator."
    },
    {
      "name": "hash",
      "type": "string",
      "doc": "SHA-256 of the secret part, base64url."
    },
    {
      "name": "createdAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was made, epoch milliseconds."
    },
    {
      "name": "createdBy",
      "type": "string",
      "doc": "Who made it, and answers for what is done with it: a person's identifier."
    },
    {
      "name": "expiresAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "First moment at which it no longer works, epoch milliseconds."
    },
    {
      "name": "revokedAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When it was revoked, epoch milliseconds; null while it was not.",
      "default": null
    },
    {
      "name": "revokedBy",
      "type": "string",
      "doc": "Who revoked it: a person's identifier; empty while it was not.",
      "default": ""
    }
  ]
} as const;
