// Generated from KeylifeState.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Actions that wait until there are enough of them to compare. */
export interface WaitingBurst {
  /** Name of the feature specification. */
  specification: string;
  /** Its features as they came, sealed with its user's own key. */
  sealed: null | Uint8Array;
  /** Its features, where they came unsealed. */
  features: Record<string, number>;
}

/** Changelog of the keylife pipeline: a session, what a user's last bursts were, or where the partition stands. */
export interface KeylifeState {
  /** session/ and the session, or user/ and the pseudonym: also the message key; empty for the partition, whose key is @partition. */
  subject: string;
  /** Layout of this record, 1. */
  version: number;
  /** Partition: first offset of telemetry that is not covered. */
  processedOffset: number;
  /** Partition: end offset of control in force. */
  controlOffset: number;
  /** Partition: end offset of baselines in force. */
  baselinesOffset: number;
  /** Partition: pointer to the models in force, 0 for the configured one. */
  modelSequence: number;
  /** Partition: its event time; session and user: when seen last. Epoch milliseconds. */
  time: number;
  /** Session: pseudonym of its user. */
  user: string;
  /** Session: the key that it has now. */
  credentialId: string;
  /** Session: as operators/keylife/sessions.ts lays it out. */
  followed: number[];
  /** User: hashes of the last bursts, oldest first. */
  fingerprints: string[];
  /** Session: bursts that wait until there are enough to be compared, oldest first. */
  waiting: WaitingBurst[];
  /** User: bursts taken of each of the last batches, by its name, oldest first. */
  batches: Record<string, number>;
}

/** The Avro schema of {@link KeylifeState}. */
export const KeylifeStateSchema = {
  "type": "record",
  "name": "KeylifeState",
  "namespace": "ebbtide",
  "doc": "Changelog of the keylife pipeline: a session, what a user's last bursts were, or where the partition stands.",
  "fields": [
    {
      "name": "subject",
      "type": "string",
      "doc": "session/ and the session, or user/ and the pseudonym: also the message key; empty for the partition, whose key is @partition."
    },
    {
      "name": "version",
      "type": "int",
      "doc": "Layout of this record, 1.",
      "default": 1
    },
    {
      "name": "processedOffset",
      "type": "long",
      "doc": "Partition: first offset of telemetry that is not covered.",
      "default": 0
    },
    {
      "name": "controlOffset",
      "type": "long",
      "doc": "Partition: end offset of control in force.",
      "default": 0
    },
    {
      "name": "baselinesOffset",
      "type": "long",
      "doc": "Partition: end offset of baselines in force.",
      "default": 0
    },
    {
      "name": "modelSequence",
      "type": "long",
      "doc": "Partition: pointer to the models in force, 0 for the configured one.",
      "default": 0
    },
    {
      "name": "time",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Partition: its event time; session and user: when seen last. Epoch milliseconds.",
      "default": 0
    },
    {
      "name": "user",
      "type": "string",
      "doc": "Session: pseudonym of its user.",
      "default": ""
    },
    {
      "name": "credentialId",
      "type": "string",
      "doc": "Session: the key that it has now.",
      "default": ""
    },
    {
      "name": "followed",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Session: as operators/keylife/sessions.ts lays it out.",
      "default": []
    },
    {
      "name": "fingerprints",
      "type": {
        "type": "array",
        "items": "string"
      },
      "doc": "User: hashes of the last bursts, oldest first.",
      "default": []
    },
    {
      "name": "waiting",
      "type": {
        "type": "array",
        "items": {
          "type": "record",
          "name": "WaitingBurst",
          "doc": "Actions that wait until there are enough of them to compare.",
          "fields": [
            {
              "name": "specification",
              "type": "string",
              "doc": "Name of the feature specification."
            },
            {
              "name": "sealed",
              "type": [
                "null",
                "bytes"
              ],
              "doc": "Its features as they came, sealed with its user's own key.",
              "default": null
            },
            {
              "name": "features",
              "type": {
                "type": "map",
                "values": "double"
              },
              "doc": "Its features, where they came unsealed.",
              "default": {}
            }
          ]
        }
      },
      "doc": "Session: bursts that wait until there are enough to be compared, oldest first.",
      "default": []
    },
    {
      "name": "batches",
      "type": {
        "type": "map",
        "values": "int"
      },
      "doc": "User: bursts taken of each of the last batches, by its name, oldest first.",
      "default": {}
    }
  ]
} as const;
