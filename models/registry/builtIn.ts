import { sha256 } from '../hash.ts';
import { signs } from '../scope/evidence.ts';
import { defaultScopeModel } from '../scope/model.ts';
import type { Chosen, ModelKind } from './record.ts';

/**
 * Models that need no data and lie in no registry, by kind: what decides until a trained one is promoted, and what a
 * rollback goes back to. The digest is of what they consist of.
 */
export const builtIn: Readonly<Partial<Record<ModelKind, Chosen>>> = {
  scope: { version: defaultScopeModel.version, digest: sha256(JSON.stringify([defaultScopeModel.version, signs])) },
  access: { version: 'statistics', digest: sha256('statistics') },
  biometric: { version: 'statistical', digest: sha256('statistical') },
};

/** Whether a version is the one of its kind that is built in. */
export const isBuiltIn = (kind: ModelKind, version: string): boolean => builtIn[kind]?.version === version;
