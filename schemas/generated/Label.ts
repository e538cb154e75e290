// Generated from Label.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** The judgement. */
export type Verdict = 'legitimateAnomaly' | 'falsePositive' | 'maliciousActivity' | 'withdrawn' | 'unknown';

/** An analyst's judgement of a decision. */
export interface Label {
  /** Subject judged. Also the message key. */
  subject: string;
  /** Decision judged. */
  decisionId: null | string;
  /** The judgement; withdrawn takes back what the same person said before of the same decision or time. */
  verdict: Verdict;
  /** First millisecond judged (event time). */
  windowStart: null | number;
  /** First millisecond after what is judged (event time). */
  windowEnd: null | number;
  /** The analyst's note. */
  note: string;
  /** Who judged. */
  by: string;
  /** When, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Label}. */
export const LabelSchema = {
  "type": "record",
  "name": "Label",
  "namespace": "ebbtide",
  "doc": "An analyst's judgement of a decision.",
  "fields": [
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject judged. Also the message key."
    },
    {
      "name": "decisionId",
      "type": [
        "null",
        "string"
      ],
      "doc": "Decision judged.",
      "default": null
    },
    {
      "name": "verdict",
      "type": {
        "type": "enum",
        "name": "Verdict",
        "doc": "The judgement.",
        "symbols": [
          "legitimateAnomaly",
          "falsePositive",
          "maliciousActivity",
          "withdrawn",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "The judgement; withdrawn takes back what the same person said before of the same decision or time."
    },
    {
      "name": "windowStart",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "First millisecond judged (event time).",
      "default": null
    },
    {
      "name": "windowEnd",
      "type": [
        "null",
        {
          "type": "long",
          "logicalType": "timestamp-millis"
        }
      ],
      "doc": "First millisecond after what is judged (event time).",
      "default": null
    },
    {
      "name": "note",
      "type": "string",
      "doc": "The analyst's note.",
      "default": ""
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Who judged."
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When, epoch milliseconds."
    }
  ]
} as const;
