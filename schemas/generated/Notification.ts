// Generated from Notification.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How far it is. */
export type NotificationState = 'pending' | 'delivered' | 'dead' | 'unknown';

/** What became of an alert on its way to one webhook; the last record of a notification counts. */
export interface Notification {
  /** Deterministic identifier, '<route>/<alert id>': the key of deduplication, whose hash is sent as webhook-id. Also the message key. */
  notificationId: string;
  /** Alert that is told. */
  alertId: string;
  /** Route that it takes, as configured. */
  route: string;
  /** Partition of the alert, 0 and up. */
  partition: number;
  /** Offset of the alert, 0 and up. */
  offset: number;
  /** How far it is: accepted and to be sent (pending), answered with success (delivered), given up (dead). */
  state: NotificationState;
  /** What is sent, while it is pending; else empty. */
  body: string;
  /** Tries so far, 0 and up. */
  attempts: number;
  /** HTTP status of the last answer, 0 where there was none. */
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
  "doc": "What became of an alert on its way to one webhook; the last record of a notification counts.",
  "fields": [
    {
      "name": "notificationId",
      "type": "string",
      "doc": "Deterministic identifier, '<route>/<alert id>': the key of deduplication, whose hash is sent as webhook-id. Also the message key."
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
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "How far it is: accepted and to be sent (pending), answered with success (delivered), given up (dead)."
    },
    {
      "name": "body",
      "type": "string",
      "doc": "What is sent, while it is pending; else empty.",
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
      "doc": "HTTP status of the last answer, 0 where there was none.",
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
