// Generated from PreprovisionState.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Changelog of the preprovision pipeline: a pair's state, a machine's, or what its partition as a whole knows, all as of the same place in telemetry.access, from which they are rebuilt. */
export interface PreprovisionState {
  /** User and machine, also the message key; empty for the partition's own record, whose key is @partition; @machine/ and a name for a machine; @position for the record that says how far was processed. */
  pair: string;
  /** Layout of this record, 1. */
  version: number;
  /** 32-bit little-endian floats: of a pair its history and what the model carries for it, of the partition what all pairs did together. */
  floats: Uint8Array;
  /** Model that the carried state belongs to; empty for the statistics. */
  modelVersion: string;
  /** End of what is prepared for the pair (event time), 0 for nothing. */
  preparedUntil: number;
  /** State of a machine: created, running, stopped or archived; null in other records. */
  vmState: null | string;
  /** Since when a machine is in it (event time, epoch milliseconds); 0 in other records. */
  vmSince: number;
  /** Partition record: hours since 1970 of the hour that is open. */
  hour: number;
  /** Partition record: first offset of telemetry that these records do not cover. */
  processedOffset: number;
  /** Partition record: end offset of control in force there. */
  controlOffset: number;
  /** Partition record: end offset of scores in force there. */
  scoresOffset: number;
  /** Partition record: pointer to the models in force there, 0 for the configured one. */
  modelSequence: number;
  /** Partition record: times at which something was prepared (event time, epoch milliseconds). */
  budget: number[];
}

/** The Avro schema of {@link PreprovisionState}. */
export const PreprovisionStateSchema = {
  "type": "record",
  "name": "PreprovisionState",
  "namespace": "ebbtide",
  "doc": "Changelog of the preprovision pipeline: a pair's state, a machine's, or what its partition as a whole knows, all as of the same place in telemetry.access, from which they are rebuilt.",
  "fields": [
    {
      "name": "pair",
      "type": "string",
      "doc": "User and machine, also the message key; empty for the partition's own record, whose key is @partition; @machine/ and a name for a machine; @position for the record that says how far was processed."
    },
    {
      "name": "version",
      "type": "int",
      "doc": "Layout of this record, 1.",
      "default": 1
    },
    {
      "name": "floats",
      "type": "bytes",
      "doc": "32-bit little-endian floats: of a pair its history and what the model carries for it, of the partition what all pairs did together.",
      "default": ""
    },
    {
      "name": "modelVersion",
      "type": "string",
      "doc": "Model that the carried state belongs to; empty for the statistics.",
      "default": ""
    },
    {
      "name": "preparedUntil",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of what is prepared for the pair (event time), 0 for nothing.",
      "default": 0
    },
    {
      "name": "vmState",
      "type": [
        "null",
        "string"
      ],
      "doc": "State of a machine: created, running, stopped or archived; null in other records.",
      "default": null
    },
    {
      "name": "vmSince",
      "type": "double",
      "doc": "Since when a machine is in it (event time, epoch milliseconds); 0 in other records.",
      "default": 0
    },
    {
      "name": "hour",
      "type": "long",
      "doc": "Partition record: hours since 1970 of the hour that is open.",
      "default": 0
    },
    {
      "name": "processedOffset",
      "type": "long",
      "doc": "Partition record: first offset of telemetry that these records do not cover.",
      "default": 0
    },
    {
      "name": "controlOffset",
      "type": "long",
      "doc": "Partition record: end offset of control in force there.",
      "default": 0
    },
    {
      "name": "scoresOffset",
      "type": "long",
      "doc": "Partition record: end offset of scores in force there.",
      "default": 0
    },
    {
      "name": "modelSequence",
      "type": "long",
      "doc": "Partition record: pointer to the models in force there, 0 for the configured one.",
      "default": 0
    },
    {
      "name": "budget",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Partition record: times at which something was prepared (event time, epoch milliseconds).",
      "default": []
    }
  ]
} as const;
