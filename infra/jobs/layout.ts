import { resourceMetrics } from '../../models/features/resource.ts';
import type { SampleLayout } from '../../schemas/samples.ts';

/** Layout of resource samples: the model's metrics in their order. */
export const resourceLayout: SampleLayout = {
  key: 'credentialId',
  samples: 'samples',
  time: 'time',
  metrics: resourceMetrics,
};
