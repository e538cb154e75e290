// Generated from BiometricTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Kind of behaviour. */
export type Modality = 'keystroke' | 'mouse' | 'scroll' | 'touch' | 'application' | 'unknown';

/** That a key was issued to the session: from here on the session is followed, and decisions are about this key. */
export interface KeyIssued {
  /** The key's entry in the register. */
  credentialId: string;
  /** Risk at issue, 0 to 1. */
  risk: number;
  /** End of the key's life, epoch milliseconds. */
  expiresAt: number;
  /** What each verifier added to the log odds of the risk at issue; above 0 speaks for somebody else. */
  parts: Record<string, number>;
}

/** What a clock record says: how late it is, and how far the topics that behaviour is joined with are in force. */
export interface BehaviourClock {
  /** Event time, epoch milliseconds. */
  time: number;
  /** End offset of control in force from here on. */
  controlOffset: number;
  /** End offset of the same partition of baselines in force from here on. */
  baselinesOffset: number;
  /** Pointer to the models in force from here on, 0 for the configured one. */
  modelSequence: number;
}

/** Timing features of one burst of behaviour; never the keys typed. */
export interface BiometricTelemetry {
  /** Pseudonym of the user: a keyed hash. Also the message key. */
  user: string;
  /** Session the burst belongs to. */
  session: string;
  /** End of the burst (event time), epoch milliseconds. */
  time: number;
  /** Kind of behaviour. */
  modality: Modality;
  /** Feature values by name, in the units of the feature specification; empty where they are sealed. */
  features: Record<string, number>;
  /** Hash of the feature specification that the values follow. */
  featureHash: string;
  /** Purpose that the user consented to. */
  purpose: string;
  /** Lawful basis of the processing, such as consent; empty where nobody said. */
  lawfulBasis: string;
  /** Feature values sealed with the user's own key, so that erasing the key erases them; see infra/vault/userKeys.ts. */
  sealed: null | Uint8Array;
  /** Set in the record that begins a session, or goes on with it under another key; it has no features. */
  issued: null | KeyIssued;
  /** Set in clock records alone, whose key and user are empty. */
  clock: null | BehaviourClock;
  /** Name of the batch that the burst came in, of its session and content: what comes again counts once. Empty where nobody said. */
  batch: string;
  /** Place of the burst in its batch, from 0. */
  place: number;
}

/** The Avro schema of {@link BiometricTelemetry}. */
export const BiometricTelemetrySchema = {
  "type": "record",
  "name": "BiometricTelemetry",
  "namespace": "ebbtide",
  "doc": "Timing features of one burst of behaviour; never the keys typed.",
  "fields": [
    {
      "name": "user",
      "type": "string",
      "doc": "Pseudonym of the user: a keyed hash. Also the message key."
    },
    {
      "name": "session",
      "type": "string",
      "doc": "Session the burst belongs to."
    },
    {
      "name": "time",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the burst (event time), epoch milliseconds."
    },
    {
      "name": "modality",
      "type": {
        "type": "enum",
        "name": "Modality",
        "doc": "Kind of behaviour.",
        "symbols": [
          "keystroke",
          "mouse",
          "scroll",
          "touch",
          "application",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Kind of behaviour."
    },
    {
      "name": "features",
      "type": {
        "type": "map",
        "values": "double"
      },
      "doc": "Feature values by name, in the units of the feature specification; empty where they are sealed.",
      "default": {}
    },
    {
      "name": "featureHash",
      "type": "string",
      "doc": "Hash of the feature specification that the values follow.",
      "default": ""
    },
    {
      "name": "purpose",
      "type": "string",
      "doc": "Purpose that the user consented to.",
      "default": ""
    },
    {
      "name": "lawfulBasis",
      "type": "string",
      "doc": "Lawful basis of the processing, such as consent; empty where nobody said.",
      "default": ""
    },
    {
      "name": "sealed",
      "type": [
        "null",
        "bytes"
      ],
      "doc": "Feature values sealed with the user's own key, so that erasing the key erases them; see infra/vault/userKeys.ts.",
      "default": null
    },
    {
      "name": "issued",
      "type": [
        "null",
        {
          "type": "record",
          "name": "KeyIssued",
          "doc": "That a key was issued to the session: from here on the session is followed, and decisions are about this key.",
          "fields": [
            {
              "name": "credentialId",
              "type": "string",
              "doc": "The key's entry in the register."
            },
            {
              "name": "risk",
              "type": "double",
              "doc": "Risk at issue, 0 to 1."
            },
            {
              "name": "expiresAt",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "End of the key's life, epoch milliseconds."
            },
            {
              "name": "parts",
              "type": {
                "type": "map",
                "values": "double"
              },
              "doc": "What each verifier added to the log odds of the risk at issue; above 0 speaks for somebody else.",
              "default": {}
            }
          ]
        }
      ],
      "doc": "Set in the record that begins a session, or goes on with it under another key; it has no features.",
      "default": null
    },
    {
      "name": "clock",
      "type": [
        "null",
        {
          "type": "record",
          "name": "BehaviourClock",
          "doc": "What a clock record says: how late it is, and how far the topics that behaviour is joined with are in force.",
          "fields": [
            {
              "name": "time",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "Event time, epoch milliseconds."
            },
            {
              "name": "controlOffset",
              "type": "long",
              "doc": "End offset of control in force from here on.",
              "default": 0
            },
            {
              "name": "baselinesOffset",
              "type": "long",
              "doc": "End offset of the same partition of baselines in force from here on.",
              "default": 0
            },
            {
              "name": "modelSequence",
              "type": "long",
              "doc": "Pointer to the models in force from here on, 0 for the configured one.",
              "default": 0
            }
          ]
        }
      ],
      "doc": "Set in clock records alone, whose key and user are empty.",
      "default": null
    },
    {
      "name": "batch",
      "type": "string",
      "doc": "Name of the batch that the burst came in, of its session and content: what comes again counts once. Empty where nobody said.",
      "default": ""
    },
    {
      "name": "place",
      "type": "int",
      "doc": "Place of the burst in its batch, from 0.",
      "default": 0
    }
  ]
} as const;
