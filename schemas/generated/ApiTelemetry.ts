// Generated from ApiTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** An indicator of a threat feed that a call matched. */
export interface ThreatMatch {
  /** Name of the feed, as configured. */
  feed: string;
  /** Indicator that matched: a network in CIDR notation, a domain or a user agent. */
  indicator: string;
  /** How sure the feed is, 0 to 100. */
  confidence: number;
}

/** One API call that the gateway decided. */
export interface ApiTelemetry {
  /** Identifier of the caller's credential, never the credential itself. Also the message key. */
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
  /** Threat indicators in force when the call arrived that it matched; kept with the call, so that a replay needs no feed. */
  threats: ThreatMatch[];
}

/** The Avro schema of {@link ApiTelemetry}. */
export const ApiTelemetrySchema = {
  "type": "record",
  "name": "ApiTelemetry",
  "namespace": "ebbtide",
  "doc": "One API call that the gateway decided.",
  "fields": [
    {
      "name": "frontendCredential",
      "type": "string",
      "doc": "Identifier of the caller's credential, never the credential itself. Also the message key."
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
      "name": "threats",
      "type": {
        "type": "array",
        "items": {
          "type": "record",
          "name": "ThreatMatch",
          "doc": "An indicator of a threat feed that a call matched.",
          "fields": [
            {
              "name": "feed",
              "type": "string",
              "doc": "Name of the feed, as configured."
            },
            {
              "name": "indicator",
              "type": "string",
              "doc": "Indicator that matched: a network in CIDR notation, a domain or a user agent."
            },
            {
              "name": "confidence",
              "type": "int",
              "doc": "How sure the feed is, 0 to 100."
            }
          ]
        }
      },
      "doc": "Threat indicators in force when the call arrived that it matched; kept with the call, so that a replay needs no feed.",
      "default": []
    }
  ]
} as const;
