// Generated from Authentication.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How an authentication was decided: what makes issuing a key repeatable, and the record of consent. */
export interface Authentication {
  /** Identifier that the endpoint gave the request; the key of idempotence. */
  requestId: string;
  /** Pseudonym of the user: a keyed hash. Also the message key. */
  user: string;
  /** Common name of the client certificate of the endpoint that asked. */
  endpoint: string;
  /** Session that the key is for. */
  session: string;
  /** The key's entry in the register; the session's first key has the session's name. */
  credentialId: string;
  /** SHA-256 of what was asked: another request may not have the same identifier. */
  digest: string;
  /** SHA-256 of the batch of behaviour; empty without one. None counts twice. */
  batchDigest: string;
  /** When, epoch milliseconds. */
  decidedAt: number;
  /** End of the key's life, epoch milliseconds; repeating the request never moves it. */
  expiresAt: number;
  /** Risk, 0 to 1; 1 where nothing could be compared. */
  risk: number;
  /** Why the lifespan is what it is: assessed, learning, unseen, replayed, forged or noConsent, or reissued. */
  reason: string;
  /** What speaks against a person having made the behaviour. */
  faults: string[];
  /** What each verifier said: log odds that the behaviour is an impostor's, weighted as they were joined. */
  parts: Record<string, number>;
  /** Samples that were enrolled before, by modality. */
  enrolled: Record<string, number>;
  /** Whether the endpoint says that the user showed by strong means who they are. */
  strong: boolean;
  /** Serial number of the certificate that was issued; empty before. */
  serial: string;
  /** What the user consented to: none, authentication or session. */
  consent: string;
  /** When the user did, epoch milliseconds. */
  consentAt: null | number;
  /** Version of the words that were consented to. */
  consentText: string;
  /** Purpose of the processing. */
  purpose: string;
  /** Lawful basis of the processing. */
  lawfulBasis: string;
}

/** The Avro schema of {@link Authentication}. */
export const AuthenticationSchema = {
  "type": "record",
  "name": "Authentication",
  "namespace": "ebbtide",
  "doc": "How an authentication was decided: what makes issuing a key repeatable, and the record of consent.",
  "fields": [
    {
      "name": "requestId",
      "type": "string",
      "doc": "Identifier that the endpoint gave the request; the key of idempotence."
    },
    {
      "name": "user",
      "type": "string",
      "doc": "Pseudonym of the user: a keyed hash. Also the message key."
    },
    {
      "name": "endpoint",
      "type": "string",
      "doc": "Common name of the client certificate of the endpoint that asked."
    },
    {
      "name": "session",
      "type": "string",
      "doc": "Session that the key is for."
    },
    {
      "name": "credentialId",
      "type": "string",
      "doc": "The key's entry in the register; the session's first key has the session's name."
    },
    {
      "name": "digest",
      "type": "string",
      "doc": "SHA-256 of what was asked: another request may not have the same identifier."
    },
    {
      "name": "batchDigest",
      "type": "string",
      "doc": "SHA-256 of the batch of behaviour; empty without one. None counts twice.",
      "default": ""
    },
    {
      "name": "decidedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When, epoch milliseconds."
    },
    {
      "name": "expiresAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the key's life, epoch milliseconds; repeating the request never moves it."
    },
    {
      "name": "risk",
      "type": "double",
      "doc": "Risk, 0 to 1; 1 where nothing could be compared."
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why the lifespan is what it is: assessed, learning, unseen, replayed, forged or noConsent, or reissued."
    },
    {
      "name": "faults",
      "type": {
        "type": "array",
        "items": "string"
      },
      "doc": "What speaks against a person having made the behaviour.",
      "default": []
    },
    {
      "name": "parts",
      "type": {
        "type": "map",
        "values": "double"
      },
      "doc": "What each verifier said: log odds that the behaviour is an impostor's, weighted as they were joined.",
      "default": {}
    },
    {
      "name": "enrolled",
      "type": {
        "type": "map",
        "values": "int"
      },
      "doc": "Samples that were enrolled before, by modality.",
      "default": {}
    },
    {
      "name": "strong",
      "type": "boolean",
      "doc": "Whether the endpoint says that the user showed by strong means who they are.",
      "default": false
    },
    {
      "name": "serial",
      "type": "string",
      "doc": "Serial number of the certificate that was issued; empty before.",
      "default": ""
    },
    {
      "name": "consent",
      "type": "string",
      "doc": "What the user consented to: none, authentication or session."
    },
    {
      "name": "consentAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When the user did, epoch milliseconds.",
      "default": null
    },
    {
      "name": "consentText",
      "type": "string",
      "doc": "Version of the words that were consented to.",
      "default": ""
    },
    {
      "name": "purpose",
      "type": "string",
      "doc": "Purpose of the processing."
    },
    {
      "name": "lawfulBasis",
      "type": "string",
      "doc": "Lawful basis of the processing."
    }
  ]
} as const;
