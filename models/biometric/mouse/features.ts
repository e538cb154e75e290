import { type Feature, hashFeatures } from '../../features/spec.ts';
import { described } from './movement.ts';

const features: readonly Feature[] = described.map(([name, unit, transform]) => ({
  name,
  unit,
  transform,
  window: 'tumbling',
}));
const missing = 'An action has all of them';

/** Numbers of a mouse action. */
export const mouseFeatures = {
  name: 'mouse',
  features,
  size: features.length,
  missing,
  hash: hashFeatures('mouse', features, missing),
} as const;
