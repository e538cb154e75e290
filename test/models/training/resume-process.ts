import { trainAnomaly } from '../../../models/anomaly/train.ts';
import { resumable } from './resumable.ts';

/** Trains until it is killed, and tells of each step. */
const [out = '', file = ''] = process.argv.slice(2);
await trainAnomaly({ ...resumable, out, checkpoint: { file, everySteps: 2 } }, ({ step }) => {
  process.send?.(step);
});
