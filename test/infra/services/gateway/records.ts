import avro from 'avsc';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';

const type = avro.Type.forSchema(topics.telemetryApi.schema);

/** Some valid record of telemetry.api. */
export const sampleApiTelemetry = (): ApiTelemetry => type.random() as unknown as ApiTelemetry;
