// Generated from Control.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What is set. */
export type ControlKind = 'policy' | 'model' | 'exemption' | 'budget' | 'mode' | 'killSwitch' | 'silence' | 'unknown';

/** Something an administrator or the model registry set: it takes effect where the next clock record of each partition says so. */
export interface Control {
  /** What it governs: kind, pipeline and subject joined by '/', e.g. exemption/lifecycle/cred-1. Also the message key. */
  key: string;
  /** What is set. */
  kind: ControlKind;
  /** Pipeline governed; empty for all. */
  pipeline: string;
  /** Subject governed; null for all. */
  subject: null | string;
  /** The value, as JSON. */
  value: string;
  /** Hash of the value. */
  version: string;
  /** When it lapses (event time), epoch milliseconds; null means never. */
  expiresAt: null | number;
  /** When it was set, epoch milliseconds. */
  at: number;
  /** Who set it. */
  by: string;
  /** Why. */
  reason: string;
}

/** The Avro schema of {@link Control}. */
export const ControlSchema = {
  "type": "record",
  "name": "Control",
  "namespace": "ebbtide",
  "doc": "Something an administrator or the model registry set: it takes effect where the next clock record of each partition says so.",
  "fields": [
    {
      "name": "key",
      "type": "string",
      "doc": "What it governs: kind, pipeline and subject joined by '/', e.g. exemption/lifecycle/cred-1. Also the message key."
    },
    {
      "name": "kind",
      "type": {
        "type": "enum",
        "name": "ControlKind",
        "doc": "What is set.",
        "symbols": [
          "policy",
          "model",
          "exemption",
          "budget",
          "mode",
          "killSwitch",
          "silence",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What is set."
    },
    {
      "name": "pipeline",
      "type": "string",
      "doc": "Pipeline governed; empty for all."
    },
    {
      "name": "subject",
      "type": [
        "null",
        "string"
      ],
      "doc": "Subject governed; null for all.",
      "default": null
    },
    {
      "name": "value",
      "type": "string",
      "doc": "The value, as JSON."
    },
    {
      "name": "version",
      "type": "string",
      "doc": "Hash of the value."
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
      "doc": "When it lapses (event time), epoch milliseconds; null means never.",
      "default": null
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was set, epoch milliseconds."
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Who set it."
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why.",
      "default": ""
    }
  ]
} as const;
