// Generated from Machine.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** The state of a virtual machine, as access telemetry last told of it. Compacted: it outlives the telemetry, so that an archived machine stays known. */
export interface Machine {
  /** Virtual machine. Also the message key. */
  vm: string;
  /** created, running, stopped or archived. */
  state: string;
  /** Since when, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link Machine}. */
export const MachineSchema = {
  "type": "record",
  "name": "Machine",
  "namespace": "ebbtide",
  "doc": "The state of a virtual machine, as access telemetry last told of it. Compacted: it outlives the telemetry, so that an archived machine stays known.",
  "fields": [
    {
      "name": "vm",
      "type": "string",
      "doc": "Virtual machine. Also the message key."
    },
    {
      "name": "state",
      "type": "string",
      "doc": "created, running, stopped or archived."
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "Since when, epoch milliseconds."
    }
  ]
} as const;
