import { configuredAnomalyModel } from '../../models/anomaly/model.ts';
import { builtIn } from '../../models/registry/builtIn.ts';
import type { Chosen, ModelKind } from '../../models/registry/record.ts';
import type { Config } from '../config/config.ts';

/** Sections that name models. */
export type ModelSections = Pick<Config, 'lifecycle' | 'scope' | 'preprovision' | 'keylife'>;

/** Setting that names the model of each kind which decides until one is promoted. */
export const modelSetting: Readonly<Record<ModelKind, string>> = {
  anomaly: 'lifecycle.model',
  scope: 'scope.model',
  access: 'preprovision.model',
  biometric: 'keylife.comparator',
};

/** The model of a kind that the configuration names: its folder, or the one that is built in. */
export const configuredModel = (config: ModelSections, kind: ModelKind): string | Chosen => {
  const { model: scope } = config.scope;
  const { model: access } = config.preprovision;
  switch (kind) {
    case 'anomaly':
      return configuredAnomalyModel(config.lifecycle.model);
    case 'scope':
      return scope === 'default' ? builtIn.scope! : scope;
    case 'access':
      return access === 'statistics' ? builtIn.access! : access;
    case 'biometric':
      return config.keylife.comparator ?? builtIn.biometric!;
  }
};
