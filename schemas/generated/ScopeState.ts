// Generated from ScopeState.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Changelog of the scope pipeline: either what is known of a frontend credential, or where the partition's replay has to begin. */
export interface ScopeState {
  /** Frontend credential, also the message key; empty for the partition's own record, whose key is @partition. */
  subject: string;
  /** Layout of this record, 1. */
  version: number;
  /** First offset of telemetry that the record does not cover. */
  processedOffset: number;
  /** Partition record: offset from which what no subject's record covers yet is rebuilt, at most processedOffset. */
  rewindOffset: number;
  /** Partition record: the partition's event time just before rewindOffset, 0 before the first record. */
  rewindTime: number;
  /** Partition record: end offset of control in force at rewindOffset. */
  controlOffset: number;
  /** Partition record: end offset of labels in force at rewindOffset. */
  labelsOffset: number;
  /** Partition record: pointer to the models in force at rewindOffset, 0 for none. */
  modelSequence: number;
  /** Times of narrowings counted against the budget, the subject's or the partition's (event time, epoch milliseconds). */
  budget: number[];
  /** End of the last window closed (event time), 0 before the first. */
  closedThrough: number;
  /** Windows closed, 0 and up. */
  windows: number;
  /** Recent visits, as models/scope/visits.ts lays them out. */
  visits: number[];
  /** The open window: start, end, calls, bytes, and calls at its last assessment. */
  window: number[];
  /** Calls of the open window by service. */
  windowServices: Record<string, number>;
  /** Numbers of the baseline, as models/scope/baseline.ts lays them out. */
  baseline: number[];
  /** What is known of each service, by its name, as models/scope/baseline.ts lays it out. */
  services: Record<string, number[]>;
  /** Operations, clients and networks known, by kind: a hash and when it was seen last in turn. */
  seen: Record<string, number[]>;
  /** Threat indicators matched lately: confidence, 0 to 100, and when last, by feed and indicator joined by a newline. */
  threats: Record<string, number[]>;
  /** Carried state of the model's network. */
  carried: number[];
  /** Model that the carried state belongs to. */
  modelVersion: string;
  /** State of the network of a model that scores beside the one that decides. */
  carriedBeside: number[];
  /** Version of that model; empty for none. */
  versionBeside: string;
  /** What has been decided, as operators/scopeRule.ts lays it out. */
  decided: number[];
  /** The one service that stays open while the scope is a single service; empty otherwise. */
  service: string;
  /** Group of callers that the last call was of; empty for none. */
  group: string;
  /** Scope of the override that was written last, in full; empty where none is in force. */
  scope: string;
}

/** The Avro schema of {@link ScopeState}. */
export const ScopeStateSchema = {
  "type": "record",
  "name": "ScopeState",
  "namespace": "ebbtide",
  "doc": "Changelog of the scope pipeline: either what is known of a frontend credential, or where the partition's replay has to begin.",
  "fields": [
    {
      "name": "subject",
      "type": "string",
      "doc": "Frontend credential, also the message key; empty for the partition's own record, whose key is @partition."
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
      "doc": "First offset of telemetry that the record does not cover.",
      "default": 0
    },
    {
      "name": "rewindOffset",
      "type": "long",
      "doc": "Partition record: offset from which what no subject's record covers yet is rebuilt, at most processedOffset.",
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
      "name": "labelsOffset",
      "type": "long",
      "doc": "Partition record: end offset of labels in force at rewindOffset.",
      "default": 0
    },
    {
      "name": "modelSequence",
      "type": "long",
      "doc": "Partition record: pointer to the models in force at rewindOffset, 0 for none.",
      "default": 0
    },
    {
      "name": "budget",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Times of narrowings counted against the budget, the subject's or the partition's (event time, epoch milliseconds).",
      "default": []
    },
    {
      "name": "closedThrough",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the last window closed (event time), 0 before the first.",
      "default": 0
    },
    {
      "name": "windows",
      "type": "int",
      "doc": "Windows closed, 0 and up.",
      "default": 0
    },
    {
      "name": "visits",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Recent visits, as models/scope/visits.ts lays them out.",
      "default": []
    },
    {
      "name": "window",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "The open window: start, end, calls, bytes, and calls at its last assessment.",
      "default": []
    },
    {
      "name": "windowServices",
      "type": {
        "type": "map",
        "values": "double"
      },
      "doc": "Calls of the open window by service.",
      "default": {}
    },
    {
      "name": "baseline",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Numbers of the baseline, as models/scope/baseline.ts lays them out.",
      "default": []
    },
    {
      "name": "services",
      "type": {
        "type": "map",
        "values": {
          "type": "array",
          "items": "double"
        }
      },
      "doc": "What is known of each service, by its name, as models/scope/baseline.ts lays it out.",
      "default": {}
    },
    {
      "name": "seen",
      "type": {
        "type": "map",
        "values": {
          "type": "array",
          "items": "double"
        }
      },
      "doc": "Operations, clients and networks known, by kind: a hash and when it was seen last in turn.",
      "default": {}
    },
    {
      "name": "threats",
      "type": {
        "type": "map",
        "values": {
          "type": "array",
          "items": "double"
        }
      },
      "doc": "Threat indicators matched lately: confidence, 0 to 100, and when last, by feed and indicator joined by a newline.",
      "default": {}
    },
    {
      "name": "carried",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "Carried state of the model's network.",
      "default": []
    },
    {
      "name": "modelVersion",
      "type": "string",
      "doc": "Model that the carried state belongs to.",
      "default": ""
    },
    {
      "name": "carriedBeside",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "State of the network of a model that scores beside the one that decides.",
      "default": []
    },
    {
      "name": "versionBeside",
      "type": "string",
      "doc": "Version of that model; empty for none.",
      "default": ""
    },
    {
      "name": "decided",
      "type": {
        "type": "array",
        "items": "double"
      },
      "doc": "What has been decided, as operators/scopeRule.ts lays it out.",
      "default": []
    },
    {
      "name": "service",
      "type": "string",
      "doc": "The one service that stays open while the scope is a single service; empty otherwise.",
      "default": ""
    },
    {
      "name": "group",
      "type": "string",
      "doc": "Group of callers that the last call was of; empty for none.",
      "default": ""
    },
    {
      "name": "scope",
      "type": "string",
      "doc": "Scope of the override that was written last, in full; empty where none is in force.",
      "default": ""
    }
  ]
} as const;
