import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Calibration, calibrationSchema } from '../../../models/anomaly/calibration.ts';
import { readManifest } from '../../../models/anomaly/manifest.ts';
import { modelFiles, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { forecasterNetwork, readForecaster } from '../../../models/anomaly/network.ts';
import type { AnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { Scorer } from '../../../models/anomaly/scorer.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';

const read = (file: string): Buffer => readFileSync(join(shippedAnomalyModel(), file));

/** The calibration of the model that ships. */
export const shippedCalibration = (): Calibration =>
  calibrationSchema.parse(JSON.parse(read(modelFiles.calibration).toString('utf8')));

/** The scorer of the model that ships, with some parameters changed. */
export const shippedScorer = async (change: Partial<AnomalyParameters> = {}): Promise<Scorer> => {
  const { parameters } = await readManifest(shippedAnomalyModel());
  return Scorer.create({
    spec: resourceFeatures,
    metricCount: resourceMetrics.length,
    parameters: { ...parameters, ...change },
    calibration: shippedCalibration(),
    network: forecasterNetwork(readForecaster(read(modelFiles.layers), read(modelFiles.weights))),
    runtime: onnxRuntime,
  });
};
