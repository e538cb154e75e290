import type { ResourceSample, ResourceTelemetry } from '../../../schemas/generated/ResourceTelemetry.ts';

// The agent's budget of memory has no room for an Avro library, and it writes this one record only.
// A property test holds this against the library and the schema.

let buffer = Buffer.allocUnsafeSlow(16_384);
let at = 0;

const reserve = (bytes: number): void => {
  if (at + bytes <= buffer.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
  buffer.copy(larger, 0, 0, at);
  buffer = larger;
};

const writeLong = (value: number): void => {
  reserve(10);
  // Zigzag without bit operations, which end at 32 bits.
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) + 128;
  buffer[at++] = rest;
};

const writeText = (text: string): void => {
  const bytes = Buffer.byteLength(text);
  writeLong(bytes);
  reserve(bytes);
  at += buffer.write(text, at);
};

const writeDouble = (value: number): void => {
  reserve(8);
  at = buffer.writeDoubleLE(value, at);
};

const writeOptional = (value: number | null): void => {
  writeLong(value === null ? 0 : 1);
  if (value !== null) writeDouble(value);
};

const writeSample = (sample: ResourceSample): void => {
  writeLong(sample.time);
  writeOptional(sample.cpuCores);
  writeOptional(sample.memoryBytes);
  writeOptional(sample.receivedBytes);
  writeOptional(sample.sentBytes);
  writeOptional(sample.readBytes);
  writeOptional(sample.writtenBytes);
  writeOptional(sample.apiCalls);
  writeOptional(sample.apiErrors);
  writeOptional(sample.dataReads);
  writeOptional(sample.dataWrites);
  writeOptional(sample.connections);
  writeOptional(sample.threads);
  const custom = Object.entries(sample.custom);
  if (custom.length > 0) writeLong(custom.length);
  for (const [name, value] of custom) {
    writeText(name);
    writeDouble(value);
  }
  writeLong(0);
};

/**
 * Encode telemetry as Avro, without a frame. Times must be safe integers; there is no clock.
 *
 * @example
 * encodeTelemetry({ credentialId: 'c-1', host: 'web-1', sentAt: Date.now(), samples: [] });
 */
export const encodeTelemetry = (telemetry: Omit<ResourceTelemetry, 'clock'>): Buffer => {
  at = 0;
  writeText(telemetry.credentialId);
  writeText(telemetry.host);
  writeLong(telemetry.sentAt);
  if (telemetry.samples.length > 0) writeLong(telemetry.samples.length);
  for (const sample of telemetry.samples) writeSample(sample);
  writeLong(0);
  writeLong(0);
  return Buffer.from(buffer.subarray(0, at));
};
