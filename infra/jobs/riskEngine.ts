import { comparatorVerifier, type LoadedComparator, loadComparator } from '../../models/biometric/comparator/model.ts';
import { createRiskEngine, type RiskEngine, type RiskEngineOptions } from '../../models/biometric/index.ts';
import { mouseVerifier, statisticalVerifier } from '../../models/biometric/statistical.ts';
import { summaryVerifiers } from '../../models/biometric/summary.ts';
import { builtIn } from '../../models/registry/builtIn.ts';
import { checkedComparator } from '../../models/registry/check.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import type { Runtime } from '../../models/runtimes/runtime.ts';
import type { AppContext } from '../context.ts';
import type { RiskEngineConfig } from './config.ts';
import type { ModelMetrics } from './modelMetrics.ts';
import type { PooledModel } from './modelPool.ts';
import { openModels } from './models.ts';
import { startRuntime } from './runtime.ts';

/** Verifiers that need no training: one for each modality that the browser agent measures. */
const statistical = [statisticalVerifier, mouseVerifier, ...summaryVerifiers];

/** A risk engine, by the version of its comparator. */
export interface RiskModel extends PooledModel {
  readonly engine: RiskEngine;
}

const riskModel = (
  { weights, enrolment, enrolments }: RiskEngineConfig,
  options: RiskEngineOptions,
  comparator?: LoadedComparator,
): RiskModel => {
  const verifiers = comparator ? [...statistical, comparatorVerifier(comparator)] : statistical;
  const heard = Object.fromEntries(verifiers.map(({ name }) => [name, weights[name] ?? 0]));
  return {
    version: comparator?.manifest.version ?? builtIn.biometric!.version,
    engine: createRiskEngine({ ...options, verifiers, weights: heard, enrolment, enrolments }),
    close: async () => comparator?.close(),
  };
};

/**
 * The risk engine as configured, and those of the comparators that the registry's pointers name: the statistical verifiers
 * of each modality, and the comparator of keystrokes where there is one.
 *
 * @param registry - where comparators that are promoted come from; without one, pointers in `control` are refused
 * @throws {EbbtideError} `MODEL_DAMAGED` or `MODEL_INCOMPATIBLE` for a configured comparator that cannot be used
 */
export const openRiskModels = async (
  context: Pick<AppContext, 'log' | 'metrics'>,
  config: RiskEngineConfig,
  {
    registry,
    metrics,
    ...options
  }: RiskEngineOptions & { readonly registry?: ModelRegistry | undefined; readonly metrics: ModelMetrics },
) => {
  const { comparator: folder } = config;
  const standing = riskModel(config, options);
  let started: Promise<Runtime> | undefined;
  const runtime = () => (started ??= startRuntime(context, 'auto'));
  const configured =
    folder === undefined ? standing : riskModel(config, options, await loadComparator(folder, await runtime()));
  const models = await openModels<RiskModel>({
    ...{ kind: 'biometric', configured, folder, registry, metrics, log: context.log, builtIn: standing },
    load: async (source) => riskModel(config, options, await checkedComparator(source, await runtime())),
  });
  return {
    ...models,
    /** What is in force as of a pointer. */
    modelOf: (sequence: number): RiskModel => models.pool.inForce({ models: sequence }).champion,
    async close(): Promise<void> {
      await models.pool.close();
      await configured.close();
    },
  };
};
