import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Metrics of a job that follows its kind of model's pointer, registered where the caller says.
 *
 * @param pipeline - part of their names
 */
export const modelMetrics = (registry: Registry, pipeline: string) => {
  const registers = [registry];
  return {
    modelSequence: new Gauge({
      name: `ebbtide_${pipeline}_model_sequence`,
      help: 'Sequence of the model pointer that this instance puts in force, 0 for the configured model',
      registers,
    }),
    modelsRefused: new Counter({
      name: `ebbtide_${pipeline}_models_refused_total`,
      help: 'Times the models of a pointer could not be loaded',
      registers,
    }),
  };
};

export type ModelMetrics = ReturnType<typeof modelMetrics>;
