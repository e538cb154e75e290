// Generated from ThreatIndicators.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** What is recognised. */
export type IndicatorKind = 'address' | 'domain' | 'userAgent' | 'unknown';

/** Something that is seen where attackers are. */
export interface ThreatIndicator {
  /** What is recognised. */
  kind: IndicatorKind;
  /** A network in CIDR notation, a domain in lower case, or a user agent. */
  value: string;
  /** How sure the feed is, 0 to 100. */
  confidence: number;
  /** First moment at which it counts no longer, epoch milliseconds. */
  validUntil: number;
}

/** A part of a threat feed, or the head that puts all parts of one version in force. Compacted; parts of versions out of force are tombstones. */
export interface ThreatIndicators {
  /** The feed's name for a head, '<feed>/<version>/<part>' for a part. Also the message key. */
  key: string;
  /** Name of the feed, as configured. */
  feed: string;
  /** Hash of what the feed held, and when it was put in force. */
  version: string;
  /** Number of the part, 0 and up; -1 for a head. */
  part: number;
  /** How many parts the version has, 0 and up. */
  parts: number;
  /** Indicators in all parts together, 0 and up. */
  total: number;
  /** Indicators of the part, networks first and in order; none in a head. */
  indicators: ThreatIndicator[];
  /** When the version was put in force, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link ThreatIndicators}. */
export const ThreatIndicatorsSchema = {
  "type": "record",
  "name": "ThreatIndicators",
  "namespace": "ebbtide",
  "doc": "A part of a threat feed, or the head that puts all parts of one version in force. Compacted; parts of versions out of force are tombstones.",
  "fields": [
    {
      "name": "key",
      "type": "string",
      "doc": "The feed's name for a head, '<feed>/<version>/<part>' for a part. Also the message key."
    },
    {
      "name": "feed",
      "type": "string",
      "doc": "Name of the feed, as configured."
    },
    {
      "name": "version",
      "type": "string",
      "doc": "Hash of what the feed held, and when it was put in force."
    },
    {
      "name": "part",
      "type": "int",
      "doc": "Number of the part, 0 and up; -1 for a head."
    },
    {
      "name": "parts",
      "type": "int",
      "doc": "How many parts the version has, 0 and up."
    },
    {
      "name": "total",
      "type": "int",
      "doc": "Indicators in all parts together, 0 and up."
    },
    {
      "name": "indicators",
      "type": {
        "type": "array",
        "items": {
          "type": "record",
          "name": "ThreatIndicator",
          "doc": "Something that is seen where attackers are.",
          "fields": [
            {
              "name": "kind",
              "type": {
                "type": "enum",
                "name": "IndicatorKind",
                "doc": "What is recognised.",
                "symbols": [
                  "address",
                  "domain",
                  "userAgent",
                  "unknown"
                ],
                "default": "unknown"
              },
              "doc": "What is recognised."
            },
            {
              "name": "value",
              "type": "string",
              "doc": "A network in CIDR notation, a domain in lower case, or a user agent."
            },
            {
              "name": "confidence",
              "type": "int",
              "doc": "How sure the feed is, 0 to 100."
            },
            {
              "name": "validUntil",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "First moment at which it counts no longer, epoch milliseconds."
            }
          ]
        }
      },
      "doc": "Indicators of the part, networks first and in order; none in a head.",
      "default": []
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When the version was put in force, epoch milliseconds."
    }
  ]
} as const;
