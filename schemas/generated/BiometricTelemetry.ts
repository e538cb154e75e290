// Generated from BiometricTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** Kind of behaviour. */
export type Modality = 'keystroke' | 'mouse' | 'scroll' | 'touch' | 'application' | 'unknown';

/** Timing features of one burst of behaviour; never the keys typed. */
export interface BiometricTelemetry {
  /** Pseudonym of the user: a keyed hash. Also the message key. */
  user: string;
  /** Session the burst belongs to. */
  session: string;
  /** End of the burst (event time), epoch milliseconds. */
  time: number;
  /** Kind of behaviour. */
  modality: Modality;
  /** Feature values by name, in the units of the feature specification. */
  features: Record<string, number>;
  /** Hash of the feature specification that the values follow. */
  featureHash: string;
  /** Purpose that the user consented to. */
  purpose: string;
}

/** The Avro schema of {@link BiometricTelemetry}. */
export const BiometricTelemetrySchema = {
  "type": "record",
  "name": "BiometricTelemetry",
  "namespace": "ebbtide",
  "doc": "Timing features of one burst of behaviour; never the keys typed.",
  "fields": [
    {
      "name": "user",
      "type": "string",
      "doc": "Pseudonym of the user: a keyed hash. Also the message key."
    },
    {
      "name": "session",
      "type": "string",
      "doc": "Session the burst belongs to."
    },
    {
      "name": "time",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "End of the burst (event time), epoch milliseconds."
    },
    {
      "name": "modality",
      "type": {
        "type": "enum",
        "name": "Modality",
        "doc": "Kind of behaviour.",
        "symbols": [
          "keystroke",
          "mouse",
          "scroll",
          "touch",
          "application",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "Kind of behaviour."
    },
    {
      "name": "features",
      "type": {
        "type": "map",
        "values": "double"
      },
      "doc": "Feature values by name, in the units of the feature specification."
    },
    {
      "name": "featureHash",
      "type": "string",
      "doc": "Hash of the feature specification that the values follow.",
      "default": ""
    },
    {
      "name": "purpose",
      "type": "string",
      "doc": "Purpose that the user consented to.",
      "default": ""
    }
  ]
} as const;
