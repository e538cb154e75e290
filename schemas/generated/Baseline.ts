// Generated from Baseline.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What is known of how one person types and moves, sealed with the person's own key. */
export interface Baseline {
  /** Pseudonym of the user: a keyed hash. Also the message key. */
  user: string;
  /** Bytes of models/biometric/personFile.ts, sealed with the user's key. */
  sealed: Uint8Array;
  /** When it was learned from last, epoch milliseconds. */
  updatedAt: number;
  /** Purpose that the user consented to. */
  purpose: string;
  /** Lawful basis of the processing. */
  lawfulBasis: string;
}

/** The Avro schema of {@link Baseline}. */
export const BaselineSchema = {
  "type": "record",
  "name": "Baseline",
  "namespace": "ebbtide",
  "doc": "What is known of how one person types and moves, sealed with the person's own key.",
  "fields": [
    {
      "name": "user",
      "type": "string",
      "doc": "Pseudonym of the user: a keyed hash. Also the message key."
    },
    {
      "name": "sealed",
      "type": "bytes",
      "doc": "Bytes of models/biometric/personFile.ts, sealed with the user's key."
    },
    {
      "name": "updatedAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it was learned from last, epoch milliseconds."
    },
    {
      "name": "purpose",
      "type": "string",
      "doc": "Purpose that the user consented to."
    },
    {
      "name": "lawfulBasis",
      "type": "string",
      "doc": "Lawful basis of the processing."
    }
  ]
} as const;
