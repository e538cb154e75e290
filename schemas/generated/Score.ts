// Generated from Score.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Share of one feature in the statistic. */
export interface Contribution {
  /** Feature, as named in the feature specification. */
  feature: string;
  /** Its share, 0 to 1. */
  weight: number;
  /** Whether it lies above or below what was expected; empty where it is missing. */
  direction: string;
  /** Amount expected, in the unit. */
  expected: null | number;
  /** Amount observed in the window, in the unit; null where it is missing. */
  observed: null | number;
  /** Unit of both amounts. */
  unit: string;
}

/** Whether a model's score counts. */
export type ModelRole = 'champion' | 'challenger' | 'unknown';

/** How far one window of a subject's behaviour deviates from what was learned. */
export interface Score {
  /** What is scored: a credential id in the lifecycle pipeline. Also the message key. */
  subject: string;
  /** Pipeline that scored. */
  pipeline: string;
  /** First millisecond of the window (event time). */
  windowStart: number;
  /** First millisecond after the window (event time). */
  windowEnd: number;
  /** Samples in the window, 0 and up. */
  samples: number;
  /** Severity and frequency joined, 0 (as learned) to 1. */
  score: number;
  /** The score as a risk, 0 to 100. */
  risk: number;
  /** How improbable this window is, 0 to 1. */
  severity: number;
  /** How often it deviated lately, 0 to 1. */
  frequency: number;
  /** Probability of a statistic this large in benign behaviour, 0 to 1. */
  pValue: number;
  /** Raw statistic, on a logarithmic scale: what to rank by. */
  statistic: number;
  /** Whether the baseline is still being learned, so that the score means nothing yet. */
  learning: boolean;
  /** Features that moved the score most, largest first. */
  contributions: Contribution[];
  /** Version of the model that scored. */
  modelVersion: string;
  /** Whether decisions rest on this score (champion), or it is made beside for comparison (challenger). */
  role: ModelRole;
}

/** The Avro schema of {@link Score}. */
export const ScoreSchema = {
  "type": "record",
  "name": "Score",
  "namespace": "ebbtide",
  "doc": "How far one window of a subject's behaviour deviates from what was learned.",
  "fields": [
    {
      "name": "subject",
      "type": "string",
      "doc": "What is scored: a credential id in the lifecycle pipeline. Also the message key."
    },
    {
      "name": "pipeline",
      "type": "string",
      "doc": "Pipeline that scored."
    },
    {
      "name": "windowStart",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "First millisecond of the window (event time)."
    },
    {
      "name": "windowEnd",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "First millisecond after the window (event time)."
    },
    {
      "name": "samples",
      "type": "int",
      "doc": "Samples in the window, 0 and up."
    },
    {
      "name": "score",
      "type": "double",
      "doc": "Severity and frequency joined, 0 (as learned) to 1."
    },
    {
      "name": "risk",
      "type": "double",
      "doc": "The score as a risk, 0 to 100."
    },
    {
      "name": "severity",
      "type": "double",
      "doc": "How improbable this window is, 0 to 1."
    },
    {
      "name": "frequency",
      "type": "double",
      "doc": "How often it deviated lately, 0 to 1."
    },
    {
      "name": "pValue",
      "type": "double",
      "doc": "Probability of a statistic this large in benign behaviour, 0 to 1."
    },
    {
      "name": "statistic",
      "type": "double",
      "doc": "Raw statistic, on a logarithmic scale: what to rank by."
    },
    {
      "name": "learning",
      "type": "boolean",
      "doc": "Whether the baseline is still being learned, so that the score means nothing yet.",
      "default": false
    },
    {
      "name": "contributions",
      "type": {
        "type": "array",
        "items": {
          "type": "record",
          "name": "Contribution",
          "doc": "Share of one feature in the statistic.",
          "fields": [
            {
              "name": "feature",
              "type": "string",
              "doc": "Feature, as named in the feature specification."
            },
            {
              "name": "weight",
              "type": "double",
              "doc": "Its share, 0 to 1."
            },
            {
              "name": "direction",
              "type": "string",
              "doc": "Whether it lies above or below what was expected; empty where it is missing.",
              "default": ""
            },
            {
              "name": "expected",
              "type": [
                "null",
                "double"
              ],
              "doc": "Amount expected, in the unit.",
              "default": null
            },
            {
              "name": "observed",
              "type": [
                "null",
                "double"
              ],
              "doc": "Amount observed in the window, in the unit; null where it is missing.",
              "default": null
            },
            {
              "name": "unit",
              "type": "string",
              "doc": "Unit of both amounts.",
              "default": ""
            }
          ]
        }
      },
      "doc": "Features that moved the score most, largest first.",
      "default": []
    },
    {
      "name": "modelVersion",
      "type": "string",
      "doc": "Version of the model that scored."
    },
    {
      "name": "role",
      "type": {
        "type": "enum",
        "name": "ModelRole",
        "doc": "Whether a model's score counts.",
        "symbols": [
          "champion",
          "challenger",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Whether decisions rest on this score (champion), or it is made beside for comparison (challenger).",
      "default": "champion"
    }
  ]
} as const;
