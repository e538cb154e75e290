// Generated from ApiTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What a clock record says: how late it is, and how far the topics that scope decisions are joined with are in force. */
export interface ApiClock {
  /** Event time, epoch milliseconds. */
  time: number;
  /** End offset of control in force from here on. */
  controlOffset: number;
  /** End offset of the same partition of labels in force from here on. */
  labelsOffset: number;
  /** Pointer to the models in force from here on, 0 for the configured one. */
  modelSequence: number;
}

/** One API call that the gateway decided, or a clock record of the scope pipeline: time, and no call. */
export interface ApiTelemetry {
  /** Identifier of the caller's credential, never the credential itself. Also the message key; empty in clock records. */
  frontendCredential: string;
  /** Backend service that was called. */
  service: string;
  /** Operation: method and route template. */
  operation: string;
  /** When the call arrived (event time), epoch milliseconds. */
  time: number;
  /** HTTP status answered, 100 to 599. */
  status: number;
  /** Bytes of the request, 0 and up. */
  requestBytes: number;
  /** Bytes of the response, 0 and up. */
  responseBytes: number;
  /** Time taken, milliseconds, 0 and up. */
  durationMs: number;
  /** Caller's network address, IPv4 or IPv6 text. */
  address: null | string;
  /** Caller's place, degrees, -90 to 90. */
  latitude: null | number;
  /** Caller's place, degrees, -180 to 180. */
  longitude: null | number;
  /** Effective scope under which the call was decided. */
  scope: string;
  /** Whether the call was refused. */
  denied: boolean;
  /** Error code that the service answered with, such as AccessDenied; empty where it gave none. */
  errorCode: string;
  /** Client software as it names itself, at most 256 characters; empty where unknown. */
  userAgent: string;
  /** Group of callers that the credential belongs to by the translation table; empty for none. */
  group: string;
  /** Threat-intelligence feed whose most confident indicator the call matched when it was decided; empty for none. */
  threatFeed: string;
  /** That indicator, as the feed names it. */
  threatIndicator: string;
  /** Confidence of the feed in that indicator, 0 to 1. */
  threatConfidence: number;
  /** Set in clock records alone, whose key and credential are empty. */
  clock: null | ApiClock;
}

/** The Avro schema of {@link ApiTelemetry}. */
export const ApiTelemetrySchema = {
  "type": "record",
  "name": "ApiTelemetry",
  "namespace": "ebbtide",
  "doc": "One API call that the gateway decided, or a clock record of the scope pipeline: time, and no call.",
  "fields": [
    {
      "name": "frontendCredential",
      "type": "string",
      "doc": "Identifier of the caller's credential, never the credential itself. Also the message key; empty in clock records."
    },
    {
      "name": "service",
      "type": "string",
      "doc": "Backend service that was called."
    },
    {
      "name": "operation",
      "type": "string",
      "doc": "Operation: method and route template."
    },
    {
      "name": "time",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When the call arrived (event time), epoch milliseconds."
    },
    {
      "name": "status",
      "type": "int",
      "doc": "HTTP status answered, 100 to 599."
    },
    {
      "name": "requestBytes",
      "type": "long",
      "doc": "Bytes of the request, 0 and up.",
      "default": 0
    },
    {
      "name": "responseBytes",
      "type": "long",
      "doc": "Bytes of the response, 0 and up.",
      "default": 0
    },
    {
      "name": "durationMs",
      "type": "double",
      "doc": "Time taken, milliseconds, 0 and up.",
      "default": 0
    },
    {
      "name": "address",
      "type": [
        "null",
        "string"
      ],
      "doc": "Caller's network address, IPv4 or IPv6 text.",
      "default": null
    },
    {
      "name": "latitude",
      "type": [
        "null",
        "double"
      ],
      "doc": "Caller's place, degrees, -90 to 90.",
      "default": null
    },
    {
      "name": "longitude",
      "type": [
        "null",
        "double"
      ],
      "doc": "Caller's place, degrees, -180 to 180.",
      "default": null
    },
    {
      "name": "scope",
      "type": "string",
      "doc": "Effective scope under which the call was decided.",
      "default": ""
    },
    {
      "name": "denied",
      "type": "boolean",
      "doc": "Whether the call was refused.",
      "default": false
    },
    {
      "name": "errorCode",
      "type": "string",
      "doc": "Error code that the service answered with, such as AccessDenied; empty where it gave none.",
      "default": ""
    },
    {
      "name": "userAgent",
      "type": "string",
      "doc": "Client software as it names itself, at most 256 characters; empty where unknown.",
      "default": ""
    },
    {
      "name": "group",
      "type": "string",
      "doc": "Group of callers that the credential belongs to by the translation table; empty for none.",
      "default": ""
    },
    {
      "name": "threatFeed",
      "type": "string",
      "doc": "Threat-intelligence feed whose most confident indicator the call matched when it was decided; empty for none.",
      "default": ""
    },
    {
      "name": "threatIndicator",
      "type": "string",
      "doc": "That indicator, as the feed names it.",
      "default": ""
    },
    {
      "name": "threatConfidence",
      "type": "double",
      "doc": "Confidence of the feed in that indicator, 0 to 1.",
      "default": 0
    },
    {
      "name": "clock",
      "type": [
        "null",
        {
          "type": "record",
          "name": "ApiClock",
          "doc": "What a clock record says: how late it is, and how far the topics that scope decisions are joined with are in force.",
          "fields": [
            {
              "name": "time",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "Event time, epoch milliseconds."
            },
            {
              "name": "controlOffset",
              "type": "long",
              "doc": "End offset of control in force from here on.",
              "default": 0
            },
            {
              "name": "labelsOffset",
              "type": "long",
              "doc": "End offset of the same partition of labels in force from here on.",
              "default": 0
            },
            {
              "name": "modelSequence",
              "type": "long",
              "doc": "Pointer to the models in force from here on, 0 for the configured one.",
              "default": 0
            }
          ]
        }
      ],
      "doc": "Set in clock records alone, whose key and credential are empty.",
      "default": null
    }
  ]
} as const;
