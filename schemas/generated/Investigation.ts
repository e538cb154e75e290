// Generated from Investigation.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What was done. */
export type InvestigationStep = 'opened' | 'linked' | 'assigned' | 'commented' | 'closed' | 'reopened' | 'unknown';

/** What was found. */
export type Finding = 'none' | 'legitimateAnomaly' | 'falsePositive' | 'maliciousActivity' | 'inconclusive';

/** One step of an investigation. Steps in the order of the topic make it up: a step that changes its state counts only if it was made on the state that the steps before it left, so that of two people at once the first counts and the second is told. */
export interface Investigation {
  /** Identifier of the step, unique: the investigation's, a stroke, and the step's own. Also the message key. */
  stepId: string;
  /** Investigation that it belongs to. */
  investigationId: string;
  /** What was done: opened, linked (another decision belongs to it), assigned, commented, closed with a finding, reopened. */
  kind: InvestigationStep;
  /** For opened, assigned, closed, reopened: how many such steps the investigation had when this one was made, 0 and up. */
  base: number;
  /** Subject investigated; empty but in opened. */
  subject: string;
  /** What it is about, in a line; empty but in opened. */
  title: string;
  /** Decision that opened it or is linked to it. */
  decisionId: null | string;
  /** For assigned: whose it is now; empty for nobody. */
  assignee: string;
  /** For closed: what was found. */
  finding: Finding;
  /** Comment, or words about the step; plain text. */
  text: string;
  /** Who did it. */
  by: string;
  /** When, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Investigation}. */
export const InvestigationSchema = {
  "type": "record",
  "name": "Investigation",
  "namespace": "ebbtide",
  "doc": "One step of an investigation. Steps in the order of the topic make it up: a step that changes its state counts only if it was made on the state that the steps before it left, so that of two people at once the first counts and the second is told.",
  "fields": [
    {
      "name": "stepId",
      "type": "string",
      "doc": "Identifier of the step, unique: the investigation's, a stroke, and the step's own. Also the message key."
    },
    {
      "name": "investigationId",
      "type": "string",
      "doc": "Investigation that it belongs to."
    },
    {
      "name": "kind",
      "type": {
        "type": "enum",
        "name": "InvestigationStep",
        "doc": "What was done.",
        "symbols": [
          "opened",
          "linked",
          "assigned",
          "commented",
          "closed",
          "reopened",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "What was done: opened, linked (another decision belongs to it), assigned, commented, closed with a finding, reopened."
    },
    {
      "name": "base",
      "type": "int",
      "doc": "For opened, assigned, closed, reopened: how many such steps the investigation had when this one was made, 0 and up.",
      "default": 0
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject investigated; empty but in opened.",
      "default": ""
    },
    {
      "name": "title",
      "type": "string",
      "doc": "What it is about, in a line; empty but in opened.",
      "default": ""
    },
    {
      "name": "decisionId",
      "type": [
        "null",
        "string"
      ],
      "doc": "Decision that opened it or is linked to it.",
      "default": null
    },
    {
      "name": "assignee",
      "type": "string",
      "doc": "For assigned: whose it is now; empty for nobody.",
      "default": ""
    },
    {
      "name": "finding",
      "type": {
        "type": "enum",
        "name": "Finding",
        "doc": "What was found.",
        "symbols": [
          "none",
          "legitimateAnomaly",
          "falsePositive",
          "maliciousActivity",
          "inconclusive"
        ],
        "default": "none"
      },
      "doc": "For closed: what was found.",
      "default": "none"
    },
    {
      "name": "text",
      "type": "string",
      "doc": "Comment, or words about the step; plain text.",
      "default": ""
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Who did it."
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
