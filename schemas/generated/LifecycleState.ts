// Generated from LifecycleState.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Changelog of the lifecycle pipeline: either a subject's state after its last closed window, or where the partition's replay has to begin. */
export interface LifecycleState {
  /** Subject, also the message key; empty for the partition's own record, whose key is @partition. */
  subject: string;
  /** Layout of this record, 1. */
  version: number;
  /** End of the last window closed for the subject (event time), 0 before the first. */
  closedThrough: number;
  /** Carried state of the model: 32-bit little-endian floats, as many as its manifest says. */
  model: Uint8Array;
  /** Model that the carried state belongs to. */
  modelVersion: string;
  /** TTL in force, of a revoked credential the one before, milliseconds; 0 for unknown. */
  ttlMs: number;
  /** When the TTL last changed (event time), 0 for never. */
  changedAt: number;
  /** Decayed count of harsh windows, 0 and up. */
  strikes: number;
  /** Consecutive windows in the direction of the branch (hysteresis), 0 and up. */
  streak: number;
  /** Branch of the last window: extend, keep, shorten, revoke or empty. */
  branch: string;
  /** Bit 0: revoked; bit 1: silence reported; bit 2: the TTL was taken from the register; bit 3: the TTL is what shadow mode would have made of it; bit 4: it strays from its anchor. */
  flags: number;
  /** First offset of telemetry that the record does not cover: not yet processed by the partition, or later than the subject's state. */
  processedOffset: number;
  /** Partition record: offset from which windows that no subject's record covers yet are rebuilt, at most processedOffset. */
  rewindOffset: number;
  /** Partition record: the partition's event time just before rewindOffset, 0 before the first record. */
  rewindTime: number;
  /** Partition record: end offset of control in force at rewindOffset. */
  controlOffset: number;
  /** Partition record: end offset of credentials in force at rewindOffset. */
  credentialsOffset: number;
  /** Partition record: end offset of labels in force at rewindOffset. */
  labelsOffset: number;
  /** Times of harsh actions counted against the budget, the subject's or the partition's (event time, epoch milliseconds). */
  budget: number[];
  /** End of the last window that alarmed (event time), 0 for never. */
  alarmedAt: number;
  /** Partition record: what the test for drift remembers, as operators/detectDrift.ts lays it out. */
  drift: number[];
}

/** The Avro schema of {@link LifecycleState}. */
export const LifecycleStateSchema = {
  "type": "record",
  "name": "LifecycleState",
  "namespace": "ebbtide",
  "doc": "Changelog of the lifecycle pipeline: either a subject's state after its last closed window, or where the partition's replay has to begin.",
  "fields": [
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject, also the message key; empty for the partition's own record, whose key is @partition."
    },
    {
      "name": "version",
      "type": "int",
      "doc": "Layout of this record, 1.",
      "default": 1
    },
    {
      "name": "closedThrough",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the last window closed for the subject (event time), 0 before the first.",
      "default": 0
    },
    {
      "name": "model",
      "type": "bytes",
      "doc": "Carried state of the model: 32-bit little-endian floats, as many as its manifest says.",
      "default": ""
    },
    {
      "name": "modelVersion",
      "type": "string",
      "doc": "Model that the carried state belongs to.",
      "default": ""
    },
    {
      "name": "ttlMs",
      "type": "long",
      "doc": "TTL in force, of a revoked credential the one before, milliseconds; 0 for unknown.",
      "default": 0
    },
    {
      "name": "changedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When the TTL last changed (event time), 0 for never.",
      "default": 0
    },
    {
      "name": "strikes",
      "type": "double",
      "doc": "Decayed count of harsh windows, 0 and up.",
      "default": 0
    },
    {
      "name": "streak",
      "type": "int",
      "doc": "Consecutive windows in the direction of the branch (hysteresis), 0 and up.",
      "default": 0
    },
    {
      "name": "branch",
      "type": "string",
      "doc": "Branch of the last window: extend, keep, shorten, revoke or empty.",
      "default": ""
    },
    {
      "name": "flags",
      "type": "int",
      "doc": "Bit 0: revoked; bit 1: silence reported; bit 2: the TTL was taken from the register; bit 3: the TTL is what shadow mode would have made of it; bit 4: it strays from its anchor.",
      "default": 0
    },
    {
      "name": "processedOffset",
      "type": "long",
      "doc": "First offset of telemetry that the record does not cover: not yet processed by the partition, or later than the subject's state.",
      "default": 0
    },
    {
      "name": "rewindOffset",
      "type": "long",
      "doc": "Partition record: offset from which windows that no subject's record covers yet are rebuilt, at most processedOffset.",
      "default": 0
    },
    {
      "name": "rewindTime",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Partition record: the partition's event time just before rewindOffset, 0 before the first record.",
      "default": 0
    },
    {
      "name": "controlOffset",
      "type": "long",
      "doc": "Partition record: end offset of control in force at rewindOffset.",
      "default": 0
    },
    {
      "name": "credentialsOffset",
      "type": "long",
      "doc": "Partition record: end offset of credentials in force at rewindOffset.",
      "default": 0
    },
    {
      "name": "labelsOffset",
      "type": "long",
      "doc": "Partition record: end offset of labels in force at rewindOffset.",
      "default": 0
    },
    {
      "name": "budget",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Times of harsh actions counted against the budget, the subject's or the partition's (event time, epoch milliseconds).",
      "default": []
    },
    {
      "name": "alarmedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the last window that alarmed (event time), 0 for never.",
      "default": 0
    },
    {
      "name": "drift",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Partition record: what the test for drift remembers, as operators/detectDrift.ts lays it out.",
      "default": []
    }
  ]
} as const;
