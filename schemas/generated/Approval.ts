// Generated from Approval.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Where it stands. */
export type ApprovalState = 'waiting' | 'approved' | 'declined' | 'done' | 'failed' | 'unknown';

/** A step in the life of a request that two people must agree on. Of several steps out of one state, the first in the topic counts. */
export interface Approval {
  /** Identifier of the request. Also the message key. */
  approvalId: string;
  /** Where it stands after this step. */
  state: ApprovalState;
  /** Identifier of this step, unique. */
  step: string;
  /** What was asked for: revokeEntity or leaveShadow. */
  kind: string;
  /** What it is about: an entity, or ebbtide. */
  subject: string;
  /** What is to be done, as JSON. */
  request: string;
  /** Why, in the words of whoever asked. */
  reason: string;
  /** Who asked: a person's identifier. */
  askedBy: string;
  /** Who asked, as people call them. */
  askedByName: string;
  /** Who answers for that: the maker of an API token, else the person. */
  askedByOwner: string;
  /** When it was asked for, epoch milliseconds. */
  askedAt: number;
  /** First moment at which nobody can approve it any more, epoch milliseconds. */
  expiresAt: number;
  /** Who made this step: a person's identifier. */
  by: string;
  /** Who made this step, as people call them. */
  byName: string;
  /** What they said, or what came of it. */
  note: string;
  /** When this step was made, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Approval}. */
export const ApprovalSchema = {
  "type": "record",
  "name": "Approval",
  "namespace": "ebbtide",
  "doc": "A step in the life of a request that two people must agree on. Of several steps out of one state, the first in the topic counts.",
  "fields": [
    {
      "name": "approvalId",
      "type": "string",
      "doc": "Identifier of the request. Also the message key."
    },
    {
      "name": "state",
      "type": {
        "type": "enum",
        "name": "ApprovalState",
        "doc": "Where it stands.",
        "symbols": [
          "waiting",
          "approved",
          "declined",
          "done",
          "failed",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Where it stands after this step."
    },
    {
      "name": "step",
      "type": "string",
      "doc": "Identifier of this step, unique."
    },
    {
      "name": "kind",
      "type": "string",
      "doc": "What was asked for: revokeEntity or leaveShadow."
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "What it is about: an entity, or ebbtide."
    },
    {
      "name": "request",
      "type": "string",
      "doc": "What is to be done, as JSON."
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why, in the words of whoever asked.",
      "default": ""
    },
    {
      "name": "askedBy",
      "type": "string",
      "doc": "Who asked: a person's identifier."
    },
    {
      "name": "askedByName",
      "type": "string",
      "doc": "Who asked, as people call them."
    },
    {
      "name": "askedByOwner",
      "type": "string",
      "doc": "Who answers for that: the maker of an API token, else the person."
    },
    {
      "name": "askedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was asked for, epoch milliseconds."
    },
    {
      "name": "expiresAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "First moment at which nobody can approve it any more, epoch milliseconds."
    },
    {
      "name": "by",
      "type": "string",
      "doc": "Who made this step: a person's identifier."
    },
    {
      "name": "byName",
      "type": "string",
      "doc": "Who made this step, as people call them."
    },
    {
      "name": "note",
      "type": "string",
      "doc": "What they said, or what came of it.",
      "default": ""
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When this step was made, epoch milliseconds."
    }
  ]
} as const;
