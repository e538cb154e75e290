// Generated from AccessTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What happened. */
export type AccessKind = 'login' | 'application' | 'vmAccess' | 'vmState' | 'scheduledJob' | 'unknown';

/** What a clock record says: how late it is, and how far the topics that decisions are joined with are in force. */
export interface AccessClock {
  /** Event time, epoch milliseconds. */
  time: number;
  /** End offset of control in force from here on. */
  controlOffset: number;
  /** End offset of the same partition of scores in force from here on. */
  scoresOffset: number;
  /** Pointer to the models in force from here on, 0 for the configured one. */
  modelSequence: number;
}

/** A login, use of an application, change of a virtual machine's state, or scheduled job; or a clock record of the preprovision pipeline: time, and nothing that happened. */
export interface AccessTelemetry {
  /** User; empty for events of a machine alone and in clock records. Also the message key. */
  user: string;
  /** What happened. */
  kind: AccessKind;
  /** When it happened (event time), epoch milliseconds. */
  time: number;
  /** Virtual machine concerned. */
  vm: null | string;
  /** Application used. */
  application: null | string;
  /** New state: created, running, stopped or archived. */
  vmState: null | string;
  /** When a scheduled job is due, epoch milliseconds. */
  scheduledFor: null | number;
  /** How long it lasted, milliseconds, 0 and up. */
  durationMs: null | number;
  /** Network address it came from. */
  address: null | string;
  /** Whether it succeeded. */
  succeeded: boolean;
  /** Set in clock records alone, whose key and user are empty. */
  clock: null | AccessClock;
}

/** The Avro schema of {@link AccessTelemetry}. */
export const AccessTelemetrySchema = {
  "type": "record",
  "name": "AccessTelemetry",
  "namespace": "ebbtide",
  "doc": "A login, use of an application, change of a virtual machine's state, or scheduled job; or a clock record of the preprovision pipeline: time, and nothing that happened.",
  "fields": [
    {
      "name": "user",
      "type": "string",
      "doc": "User; empty for events of a machine alone and in clock records. Also the message key."
    },
    {
      "name": "kind",
      "type": {
        "type": "enum",
        "name": "AccessKind",
        "doc": "What happened.",
        "symbols": [
          "login",
          "application",
          "vmAccess",
          "vmState",
          "scheduledJob",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What happened."
    },
    {
      "name": "time",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it happened (event time), epoch milliseconds."
    },
    {
      "name": "vm",
      "type": [
        "null",
        "string"
      ],
      "doc": "Virtual machine concerned.",
      "default": null
    },
    {
      "name": "application",
      "type": [
        "null",
        "string"
      ],
      "doc": "Application used.",
      "default": null
    },
    {
      "name": "vmState",
      "type": [
        "null",
        "string"
      ],
      "doc": "New state: created, running, stopped or archived.",
      "default": null
    },
    {
      "name": "scheduledFor",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "When a scheduled job is due, epoch milliseconds.",
      "default": null
    },
    {
      "name": "durationMs",
      "type": [
        "null",
        "long"
      ],
      "doc": "How long it lasted, milliseconds, 0 and up.",
      "default": null
    },
    {
      "name": "address",
      "type": [
        "null",
        "string"
      ],
      "doc": "Network address it came from.",
      "default": null
    },
    {
      "name": "succeeded",
      "type": "boolean",
      "doc": "Whether it succeeded.",
      "default": true
    },
    {
      "name": "clock",
      "type": [
        "null",
        {
          "type": "record",
          "name": "AccessClock",
          "doc": "What a clock record says: how late it is, and how far the topics that decisions are joined with are in force.",
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
              "name": "scoresOffset",
              "type": "long",
              "doc": "End offset of the same partition of scores in force from here on.",
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
    }
  ]
} as const;
