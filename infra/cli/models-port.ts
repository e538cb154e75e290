import { figures, headline } from '../../models/feedback/report.ts';
import { readAnyManifest } from '../../models/manifest.ts';
import { flattened } from '../../models/registry/flattened.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import { type ModelKind, modelKinds, pipelineOf } from '../../models/registry/record.ts';
import { listVersions, versionDifferences } from '../../models/registry/versions.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Config } from '../config/config.ts';
import type { ModelsPort } from '../console/ports.ts';
import type { AppContext } from '../context.ts';
import { configuredModel, modelSetting } from './configured-model.ts';
import { promoteTo, rollBack } from './point-decisions.ts';
import { pointTo } from './point-models.ts';

const mostPointers = 30;

const kindOf = (text: string): ModelKind => {
  const kind = modelKinds.find((one) => one === text);
  if (kind) return kind;
  throw new EbbtideError('REQUEST_INVALID', `Kind must be one of ${modelKinds.join(', ')}, got ${text}`, { text });
};

/** The registry of models, as the console sees and changes it. */
export const modelsPort = (context: AppContext, config: Config): ModelsPort => ({
  async kinds() {
    const registry = await openModelRegistry(config.models);
    return Promise.all(
      modelKinds.map(async (kind) => {
        const pointers = await registry.pointers(kind);
        const current = pointers.at(-1);
        const configured = configuredModel(config, kind);
        return {
          kind,
          pipeline: pipelineOf[kind],
          champion: current?.champion.version ?? null,
          challenger: current?.challenger?.version ?? null,
          configured: typeof configured === 'string' ? configured : configured.version,
          setting: modelSetting[kind],
          canRollBack: current !== undefined && pointers.some(({ sequence }) => sequence === current.base),
          versions: await listVersions(registry, kind),
          pointers: pointers
            .slice(-mostPointers)
            .reverse()
            .map(({ sequence, action, champion, challenger, at, by, reason }) => ({
              ...{ sequence, action, at, by, reason },
              champion: champion.version,
              challenger: challenger?.version ?? null,
            })),
        };
      }),
    );
  },
  async version(kind, version) {
    const registry = await openModelRegistry(config.models);
    const { source } = await registry.version(kindOf(kind), version);
    return Object.fromEntries(flattened(await readAnyManifest(source)));
  },
  async report(kind, version) {
    const report = await (await openModelRegistry(config.models)).report(kindOf(kind), version);
    return report ? { ...report, headline: headline(report), figures: figures(report.comparison) } : null;
  },
  differences: async (kind, before, after) =>
    versionDifferences(await openModelRegistry(config.models), kindOf(kind), before, after),
  async point({ kind: text, version, expect, by, reason }) {
    const kind = kindOf(text);
    const registry = await openModelRegistry(config.models);
    const configured = configuredModel(config, kind);
    const { champion, challenger } = await pointTo(
      { context, registry, kind, configured, by, reason, expect },
      version === null ? rollBack(kind, false) : promoteTo(kind, version, false),
    );
    return { champion: champion.version, challenger: challenger?.version ?? null };
  },
});
