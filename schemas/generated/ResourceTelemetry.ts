// Generated from ResourceTelemetry.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** One sample: means over the interval since the sample before it. */
export interface ResourceSample {
  /** End of the sampled interval (event time), epoch milliseconds. */
  time: number;
  /** CPU used, in cores, 0 and up. */
  cpuCores: null | number;
  /** Resident memory, bytes, 0 and up. */
  memoryBytes: null | number;
  /** Network bytes received a second, 0 and up. */
  receivedBytes: null | number;
  /** Network bytes sent a second, 0 and up. */
  sentBytes: null | number;
  /** File bytes read a second, 0 and up. */
  readBytes: null | number;
  /** File bytes written a second, 0 and up. */
  writtenBytes: null | number;
  /** API calls handled a second, 0 and up. */
  apiCalls: null | number;
  /** API calls that failed, a second, 0 and up. */
  apiErrors: null | number;
  /** Records or objects read a second, 0 and up. */
  dataReads: null | number;
  /** Records or objects written a second, 0 and up. */
  dataWrites: null | number;
  /** Open network connections, 0 and up. */
  connections: null | number;
  /** Threads, 0 and up. */
  threads: null | number;
  /** Metrics of the function's own, by name. */
  custom: Record<string, number>;
}

/** The partition's clock: how far event time has come, and how far the topics joined with this one were read when it was written, so that a replay joins them at the same place. */
export interface Clock {
  /** Processing time of the writer, epoch milliseconds. */
  time: number;
  /** End offset of topic control that is in force from here on, 0 and up. */
  controlOffset: number;
  /** End offset of this partition's number in topic credentials that is in force from here on, 0 and up. */
  credentialsOffset: number;
  /** End offset of this partition's number in topic labels that is in force from here on, 0 and up. */
  labelsOffset: number;
  /** Sequence of the pointer in topic control that says which models score from here on; 0 is none: the configured model. */
  modelSequence: number;
}

/** Samples of what one function instance uses and does, several to a message; or a clock record of the partition (empty key, no samples). */
export interface ResourceTelemetry {
  /** Credential that the instance holds; empty in a clock record. Also the message key. */
  credentialId: string;
  /** Name of the host that sampled, at most 255 characters. */
  host: string;
  /** When the agent sent the message, epoch milliseconds of its clock; a message without samples is a heartbeat. */
  sentAt: number;
  /** Samples in order of time, at most 1,000. */
  samples: ResourceSample[];
  /** Present in clock records only. */
  clock: null | Clock;
}

/** The Avro schema of {@link ResourceTelemetry}. */
export const ResourceTelemetrySchema = {
  "type": "record",
  "name": "ResourceTelemetry",
  "namespace": "ebbtide",
  "doc": "Samples of what one function instance uses and does, several to a message; or a clock record of the partition (empty key, no samples).",
  "fields": [
    {
      "name": "credentialId",
      "type": "string",
      "doc": "Credential that the instance holds; empty in a clock record. Also the message key."
    },
    {
      "name": "host",
      "type": "string",
      "doc": "Name of the host that sampled, at most 255 characters.",
      "default": ""
    },
    {
      "name": "sentAt",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When the agent sent the message, epoch milliseconds of its clock; a message without samples is a heartbeat.",
      "default": 0
    },
    {
      "name": "samples",
      "type": {
        "type": "array",
        "items": {
          "type": "record",
          "name": "ResourceSample",
          "doc": "One sample: means over the interval since the sample before it.",
          "fields": [
            {
              "name": "time",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "End of the sampled interval (event time), epoch milliseconds."
            },
            {
              "name": "cpuCores",
              "type": [
                "null",
                "double"
              ],
              "doc": "CPU used, in cores, 0 and up.",
              "default": null
            },
            {
              "name": "memoryBytes",
              "type": [
                "null",
                "double"
              ],
              "doc": "Resident memory, bytes, 0 and up.",
              "default": null
            },
            {
              "name": "receivedBytes",
              "type": [
                "null",
                "double"
              ],
              "doc": "Network bytes received a second, 0 and up.",
              "default": null
            },
            {
              "name": "sentBytes",
              "type": [
                "null",
                "double"
              ],
              "doc": "Network bytes sent a second, 0 and up.",
              "default": null
            },
            {
              "name": "readBytes",
              "type": [
                "null",
                "double"
              ],
              "doc": "File bytes read a second, 0 and up.",
              "default": null
            },
            {
              "name": "writtenBytes",
              "type": [
                "null",
                "double"
              ],
              "doc": "File bytes written a second, 0 and up.",
              "default": null
            },
            {
              "name": "apiCalls",
              "type": [
                "null",
                "double"
              ],
              "doc": "API calls handled a second, 0 and up.",
              "default": null
            },
            {
              "name": "apiErrors",
              "type": [
                "null",
                "double"
              ],
              "doc": "API calls that failed, a second, 0 and up.",
              "default": null
            },
            {
              "name": "dataReads",
              "type": [
                "null",
                "double"
              ],
              "doc": "Records or objects read a second, 0 and up.",
              "default": null
            },
            {
              "name": "dataWrites",
              "type": [
                "null",
                "double"
              ],
              "doc": "Records or objects written a second, 0 and up.",
              "default": null
            },
            {
              "name": "connections",
              "type": [
                "null",
                "double"
              ],
              "doc": "Open network connections, 0 and up.",
              "default": null
            },
            {
              "name": "threads",
              "type": [
                "null",
                "double"
              ],
              "doc": "Threads, 0 and up.",
              "default": null
            },
            {
              "name": "custom",
              "type": {
                "type": "map",
                "values": "double"
              },
              "doc": "Metrics of the function's own, by name.",
              "default": {}
            }
          ]
        }
      },
      "doc": "Samples in order of time, at most 1,000.",
      "default": []
    },
    {
      "name": "clock",
      "type": [
        "null",
        {
          "type": "record",
          "name": "Clock",
          "doc": "The partition's clock: how far event time has come, and how far the topics joined with this one were read when it was written, so that a replay joins them at the same place.",
          "fields": [
            {
              "name": "time",
              "type": {
                "type": "long",
                "logicalType": "timestamp-millis"
              },
              "doc": "Processing time of the writer, epoch milliseconds."
            },
            {
              "name": "controlOffset",
              "type": "long",
              "doc": "End offset of topic control that is in force from here on, 0 and up."
            },
            {
              "name": "credentialsOffset",
              "type": "long",
              "doc": "End offset of this partition's number in topic credentials that is in force from here on, 0 and up."
            },
            {
              "name": "labelsOffset",
              "type": "long",
              "doc": "End offset of this partition's number in topic labels that is in force from here on, 0 and up.",
              "default": 0
            },
            {
              "name": "modelSequence",
              "type": "long",
              "doc": "Sequence of the pointer in topic control that says which models score from here on; 0 is none: the configured model.",
              "default": 0
            }
          ]
        }
      ],
      "doc": "Present in clock records only.",
      "default": null
    }
  ]
} as const;
