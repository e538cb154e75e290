// Generated from Provision.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How far it is. */
export type ProvisionState = 'wanted' | 'unwanted' | 'preProvisioned' | 'delivered' | 'expired' | 'destroyed' | 'failed' | 'unknown';

/** What kind of credential. */
export type ProvisionMethod = 'sshCertificate' | 'password' | 'dynamicLease' | 'unknown';

/** How a request was served. */
export type Served = 'none' | 'preProvisioned' | 'refreshed' | 'generated' | 'unknown';

/** How far a credential of one user for one virtual machine is. Written as wanted or unwanted by the preprovision pipeline in the transaction of its decision, and only where the decision is to be enforced; then by the provisioning engine and the delivery service. Never holds a secret or what gives access to one. */
export interface Provision {
  /** User and virtual machine joined by '/'. Also the message key. */
  pair: string;
  /** User: 1 to 128 letters, digits, dots, dashes, underscores or @. */
  user: string;
  /** Virtual machine: 1 to 128 letters, digits, dots, dashes or underscores. */
  vm: string;
  /** How far it is: to be made at windowStart (wanted), no longer wanted (unwanted), made, sealed and stored (preProvisioned), handed over (delivered), found ended by its time (expired), destroyed unused (destroyed), not made (failed). */
  state: ProvisionState;
  /** What kind of credential; unknown while it is only wanted: the engine's configuration says what each machine takes. */
  method: ProvisionMethod;
  /** Once delivered: from what had been prepared (preProvisioned), made anew since what was prepared had ended (refreshed), or made on demand (generated); else none. */
  served: Served;
  /** Decision that wanted it, the key of idempotence; empty where a request came without one. */
  decisionId: string;
  /** Probability of a request in the window, 0 to 1. */
  probability: number;
  /** Predicted time of the request, epoch milliseconds. */
  predictedAt: null | number;
  /** From when on it is to be ready, epoch milliseconds. */
  windowStart: number;
  /** When it is destroyed unused, epoch milliseconds. */
  windowEnd: number;
  /** Expected waiting saved, by which the decision was made, milliseconds. */
  waitSavedMs: number;
  /** Expected time that the secret lies unused, by which the decision was made, milliseconds. */
  exposureMs: number;
  /** Risk of the user when it was last asked, 0 to 100. */
  risk: number;
  /** Accessor of what holds the sealed secret in the store: with it the secret can be destroyed and not read; empty where none lies there. */
  accessor: string;
  /** What the issuer calls the credential: serial number of the certificate or id of the lease; empty for a password. */
  reference: string;
  /** When the credential was made, epoch milliseconds. */
  mintedAt: null | number;
  /** When the credential ends by itself, epoch milliseconds. */
  expiresAt: null | number;
  /** When the secret ceased to lie in the store, epoch milliseconds. */
  endedAt: null | number;
  /** How long the request was under way in the delivery service, milliseconds; null where none was. */
  waitedMs: null | number;
  /** Tries in a row that failed for this pair, 0 and up. */
  attempts: number;
  /** Code of the last failure and what to do, never with a secret; empty where nothing failed. */
  lastError: string;
  /** When it came to be so, epoch milliseconds. */
  at: number;
  /** Pipeline, engine or service that wrote this. */
  by: string;
}

/** The Avro schema of {@link Provision}. */
export const ProvisionSchema = {
  "type": "record",
  "name": "Provision",
  "namespace": "ebbtide",
  "doc": "How far a credential of one user for one virtual machine is. Written as wanted or unwanted by the preprovision pipeline in the transaction of its decision, and only where the decision is to be enforced; then by the provisioning engine and the delivery service. Never holds a secret or what gives access to one.",
  "fields": [
    {
      "name": "pair",
      "type": "string",
      "doc": "User and virtual machine joined by '/'. Also the message key."
    },
    {
      "name": "user",
      "type": "string",
      "doc": "User: 1 to 128 letters, digits, dots, dashes, underscores or @."
    },
    {
      "name": "vm",
      "type": "string",
      "doc": "Virtual machine: 1 to 128 letters, digits, dots, dashes or underscores."
    },
    {
      "name": "state",
      "type": {
        "type": "enum",
        "name": "ProvisionState",
        "doc": "How far it is.",
        "symbols": [
          "wanted",
          "unwanted",
          "preProvisioned",
          "delivered",
          "expired",
          "destroyed",
          "failed",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "How far it is: to be made at windowStart (wanted), no longer wanted (unwanted), made, sealed and stored (preProvisioned), handed over (delivered), found ended by its time (expired), destroyed unused (destroyed), not made (failed)."
    },
    {
      "name": "method",
      "type": {
        "type": "enum",
        "name": "ProvisionMethod",
        "doc": "What kind of credential.",
        "symbols": [
          "sshCertificate",
          "password",
          "dynamicLease",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What kind of credential; unknown while it is only wanted: the engine's configuration says what each machine takes.",
      "default": "unknown"
    },
    {
      "name": "served",
      "type": {
        "type": "enum",
        "name": "Served",
        "doc": "How a request was served.",
        "symbols": [
          "none",
          "preProvisioned",
          "refreshed",
          "generated",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Once delivered: from what had been prepared (preProvisioned), made anew since what was prepared had ended (refreshed), or made on demand (generated); else none.",
      "default": "none"
    },
    {
      "name": "decisionId",
      "type": "string",
      "doc": "Decision that wanted it, the key of idempotence; empty where a request came without one.",
      "default": ""
    },
    {
      "name": "probability",
      "type": "double",
      "doc": "Probability of a request in the window, 0 to 1.",
      "default": 0
    },
    {
      "name": "predictedAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "Predicted time of the request, epoch milliseconds.",
      "default": null
    },
    {
      "name": "windowStart",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "From when on it is to be ready, epoch milliseconds."
    },
    {
      "name": "windowEnd",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it is destroyed unused, epoch milliseconds."
    },
    {
      "name": "waitSavedMs",
      "type": "double",
      "doc": "Expected waiting saved, by which the decision was made, milliseconds.",
      "default": 0
    },
    {
      "name": "exposureMs",
      "type": "double",
      "doc": "Expected time that the secret lies unused, by which the decision was made, milliseconds.",
      "default": 0
    },
    {
      "name": "risk",
      "type": "double",
      "doc": "Risk of the user when it was last asked, 0 to 100.",
      "default": 0
    },
    {
      "name": "accessor",
      "type": "string",
      "doc": "Accessor of what holds the sealed secret in the store: with it the secret can be destroyed and not read; empty where none lies there.",
      "default": ""
    },
    {
      "name": "reference",
      "type": "string",
      "doc": "What the issuer calls the credential: serial number of the certificate or id of the lease; empty for a password.",
      "default": ""
    },
    {
      "name": "mintedAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When the credential was made, epoch milliseconds.",
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
      "doc": "When the credential ends by itself, epoch milliseconds.",
      "default": null
    },
    {
      "name": "endedAt",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When the secret ceased to lie in the store, epoch milliseconds.",
      "default": null
    },
    {
      "name": "waitedMs",
      "type": [
        "null",
        "double"
      ],
      "doc": "How long the request was under way in the delivery service, milliseconds; null where none was.",
      "default": null
    },
    {
      "name": "attempts",
      "type": "int",
      "doc": "Tries in a row that failed for this pair, 0 and up.",
      "default": 0
    },
    {
      "name": "lastError",
      "type": "string",
      "doc": "Code of the last failure and what to do, never with a secret; empty where nothing failed.",
      "default": ""
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it came to be so, epoch milliseconds."
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Pipeline, engine or service that wrote this."
    }
  ]
} as const;
