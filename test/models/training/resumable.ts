/** A training small enough for a test, long enough to be killed in the middle. */
export const resumable = {
  epochs: 3,
  stepsPerEpoch: 8,
  batch: 8,
  steps: 8,
  calibrationSubjects: 40,
  backend: 'wasm',
  seed: 4,
  version: 'resumed',
  created: '2026-01-01T00:00:00Z',
} as const;
