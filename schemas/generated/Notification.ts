// Generated from Notification.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How far it is. */
export type NotificationState = 'pending' | 'delivered' | 'dead' | 'grouped' | 'merged' | 'silenced' | 'escalated' | 'acknowledged' | 'unknown';

/** What became of an alert on its way to one route; the last record of a notification counts. */
export interface Notification {
  /** Deterministic identifier, '<route>/<alert id>' or '<route>/group/<alert id>': the key of deduplication, whose hash is sent as webhook-id. Also the message key. */
  notificationId: string;
  /** Alert that is told. */
  alertId: string;
  /** Route that it takes, as configured. */
  route: string;
  /** Partition of the alert, 0 and up. */
  partition: number;
  /** Offset of the alert, 0 and up. */
  offset: number;
  /** How far it is: accepted and to be sent (pending), answered with success (delivered), given up (dead), held back for its group (grouped) and told with that (merged), held back by a silence (silenced), told to the next route (escalated), seen to by somebody (acknowledged, without a route). */
  state: NotificationState;
  /** What is sent, while it is pending or grouped, or while an acknowledgement is waited for; else empty. */
  body: string;
  /** Tries so far, 0 and up. */
  attempts: number;
  /** Status of the last answer, of HTTP or SMTP; 0 where there was none. */
  status: number;
  /** What went wrong at last, never with a secret; empty where nothing did. */
  detail: string;
  /** When it came to be so, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Notification}. */
export const NotificationSchema = {
  "type": "record",
  "name": "Notification",
  "namespace": "ebbtide",
  "doc": "What became of an alert on its way to one route; the last record of a notification counts.",
  "fields": [
    {
      "name": "notificationId",
      "type": "string",
      "doc": "Deterministic identifier, '<route>/<alert id>' or '<route>/group/<alert id>': the key of deduplication, whose hash is sent as webhook-id. Also the message key."
    },
    {
      "name": "alertId",
      "type": "string",
      "doc": "Alert that is told."
    },
    {
      "name": "route",
      "type": "string",
      "doc": "Route that it takes, as configured."
    },
    {
      "name": "partition",
      "type": "int",
      "doc": "Partition of the alert, 0 and up."
    },
    {
      "name": "offset",
      "type": "long",
      "doc": "Offset of the alert, 0 and up."
    },
    {
      "name": "state",
      "type": {
        "type": "enum",
        "name": "NotificationState",
        "doc": "How far it is.",
        "symbols": [
          "pending",
          "delivered",
          "dead",
          "grouped",
          "merged",
          "silenced",
          "escalated",
          "acknowledged",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "How far it is: accepted and to be sent (pending), answered with success (delivered), given up (dead), held back for its group (grouped) and told with that (merged), held back by a silence (silenced), told to the next route (escalated), seen to by somebody (acknowledged, without a route)."
    },
    {
      "name": "body",
      "type": "string",
      "doc": "What is sent, while it is pending or grouped, or while an acknowledgement is waited for; else empty.",
      "default": ""
    },
    {
      "name": "attempts",
      "type": "int",
      "doc": "Tries so far, 0 and up.",
      "default": 0
    },
    {
      "name": "status",
      "type": "int",
      "doc": "Status of the last answer, of HTTP or SMTP; 0 where there was none.",
      "default": 0
    },
    {
      "name": "detail",
      "type": "string",
      "doc": "What went wrong at last, never with a secret; empty where nothing did.",
      "default": ""
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When it came to be so, epoch milliseconds."
    }
  ]
} as const;
