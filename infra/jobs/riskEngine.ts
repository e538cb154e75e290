import { comparatorVerifier, loadComparator } from '../../models/biometric/comparator/model.ts';
import {
  createRiskEngine,
  type RiskEngine,
  type RiskEngineOptions,
  type Verifier,
} from '../../models/biometric/index.ts';
import { mouseVerifier, statisticalVerifier } from '../../models/biometric/statistical.ts';
import type { AppContext } from '../context.ts';
import { startRuntime } from './runtime.ts';

/** How behaviour is compared; see `riskEngineKeys`. */
export interface RiskEngineConfig {
  readonly comparator?: string | undefined;
  readonly weights: Readonly<Record<string, number>>;
  readonly enrolment: number;
}

/**
 * The risk engine as configured: the statistical verifiers of keystrokes and mouse, and the comparator where one is given.
 *
 * @throws {EbbtideError} `MODEL_DAMAGED` or `MODEL_INCOMPATIBLE` for a comparator that cannot be used
 */
export const openRiskEngine = async (
  context: Pick<AppContext, 'log' | 'metrics'>,
  { comparator, weights, enrolment }: RiskEngineConfig,
  options: RiskEngineOptions = {},
): Promise<{ readonly engine: RiskEngine; readonly version: string }> => {
  const verifiers: Verifier[] = [statisticalVerifier, mouseVerifier];
  let version = 'statistical';
  if (comparator !== undefined) {
    const loaded = await loadComparator(comparator, await startRuntime(context, 'auto'));
    verifiers.push(comparatorVerifier(loaded));
    version = loaded.manifest.version;
  }
  const heard = Object.fromEntries(verifiers.map(({ name }) => [name, weights[name] ?? 0]));
  return { engine: createRiskEngine({ ...options, verifiers, weights: heard, enrolment }), version };
};
