// Generated from DeadLetter.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** A record that could not be processed, kept as it was. */
export interface DeadLetter {
  /** Topic it was read from. */
  topic: string;
  /** Partition it was read from, 0 and up. */
  partition: number;
  /** Offset it was read at, 0 and up. */
  offset: number;
  /** Timestamp of the record at the broker, epoch milliseconds. */
  timestamp: number;
  /** Key as read. */
  key: null | Uint8Array;
  /** Value as read. */
  value: null | Uint8Array;
  /** Error code. */
  errorCode: string;
  /** What was wrong with it. */
  message: string;
  /** Pipeline that could not process it. */
  pipeline: string;
}

/** The Avro schema of {@link DeadLetter}. */
export const DeadLetterSchema = {
  "type": "record",
  "name": "DeadLetter",
  "namespace": "ebbtide",
  "doc": "A record that could not be processed, kept as it was.",
  "fields": [
    {
      "name": "topic",
      "type": "string",
      "doc": "Topic it was read from."
    },
    {
      "name": "partition",
      "type": "int",
      "doc": "Partition it was read from, 0 and up."
    },
    {
      "name": "offset",
      "type": "long",
      "doc": "Offset it was read at, 0 and up."
    },
    {
      "name": "timestamp",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Timestamp of the record at the broker, epoch milliseconds."
    },
    {
      "name": "key",
      "type": [
        "null",
        "bytes"
      ],
      "doc": "Key as read.",
      "default": null
    },
    {
      "name": "value",
      "type": [
        "null",
        "bytes"
      ],
      "doc": "Value as read.",
      "default": null
    },
    {
      "name": "errorCode",
      "type": "string",
      "doc": "Error code."
    },
    {
      "name": "message",
      "type": "string",
      "doc": "What was wrong with it."
    },
    {
      "name": "pipeline",
      "type": "string",
      "doc": "Pipeline that could not process it."
    }
  ]
} as const;
