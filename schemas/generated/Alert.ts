// Generated from Alert.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How urgent. */
export type AlertSeverity = 'info' | 'warning' | 'critical';

/** Something a person should look at. */
export interface Alert {
  /** Deterministic identifier: the key of deduplication. */
  alertId: string;
  /** Subject concerned. Also the message key. */
  subject: string;
  /** Who raised it. */
  pipeline: string;
  /** What kind: revoked, silent, reviving, impossible, budgetExhausted, vaultUnavailable, deadLetter, anomaly, strayed, drift, scopeNarrowed, feedFailed, feedShrunk, signalRefused, streamOverflow, provisionFailing, provisionRefused, provisionTampered, keyChanged, noticeRefresh, noticeDelay, test, resolved (its identifier is 'resolved/' and that of the alert whose cause ended). */
  kind: string;
  /** How urgent. */
  severity: AlertSeverity;
  /** What to look at, in a sentence. */
  summary: string;
  /** Decision concerned. */
  decisionId: null | string;
  /** When (event time), epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Alert}. */
export const AlertSchema = {
  "type": "record",
  "name": "Alert",
  "namespace": "ebbtide",
  "doc": "Something a person should look at.",
  "fields": [
    {
      "name": "alertId",
      "type": "string",
      "doc": "Deterministic identifier: the key of deduplication."
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "Subject concerned. Also the message key."
    },
    {
      "name": "pipeline",
      "type": "string",
      "doc": "Who raised it."
    },
    {
      "name": "kind",
      "type": "string",
      "doc": "What kind: revoked, silent, reviving, impossible, budgetExhausted, vaultUnavailable, deadLetter, anomaly, strayed, drift, scopeNarrowed, feedFailed, feedShrunk, signalRefused, streamOverflow, provisionFailing, provisionRefused, provisionTampered, keyChanged, noticeRefresh, noticeDelay, test, resolved (its identifier is 'resolved/' and that of the alert whose cause ended)."
    },
    {
      "name": "severity",
      "type": {
        "type": "enum",
        "name": "AlertSeverity",
        "doc": "How urgent.",
        "symbols": [
          "info",
          "warning",
          "critical"
        ],
        "default": "info"
      },
      "doc": "How urgent."
    },
    {
      "name": "summary",
      "type": "string",
      "doc": "What to look at, in a sentence."
    },
    {
      "name": "decisionId",
      "type": [
        "null",
        "string"
      ],
      "doc": "Decision concerned.",
      "default": null
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When (event time), epoch milliseconds."
    }
  ]
} as const;
