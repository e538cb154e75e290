import { userInfo } from 'node:os';
import { builtIn } from '../../models/registry/builtIn.ts';
import { checkedManifest } from '../../models/registry/check.ts';
import { openModelRegistry } from '../../models/registry/open.ts';
import { pointerRecord } from '../../models/registry/pointerRecord.ts';
import type { Chosen, ModelKind, Pointer } from '../../models/registry/record.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { AppContext } from '../context.ts';
import { audited } from './audited.ts';
import { configuredModel } from './configured-model.ts';
import { connect } from './connect.ts';
import type { Invocation } from './invocation.ts';
import { readControls } from './register.ts';
import { writeControlRecord } from './write-control.ts';

/** Options of commands that change who is champion or challenger. */
export interface PointOptions {
  readonly kind: ModelKind;
  readonly reason: string;
  readonly expect?: string;
}

/** What a command makes of the pointer in force. */
export type Decide = (
  current: Pointer,
  chain: readonly Pointer[],
  choose: (version: string) => Promise<Chosen>,
) => Promise<Pick<Pointer, 'action' | 'champion' | 'challenger' | 'base'>>;

/** Where a pointer is changed, by whom and why. */
export interface PointPlace {
  readonly context: AppContext;
  readonly registry: ModelRegistry;
  readonly kind: ModelKind;
  /** Folder of the configured model, or the one that is built in: it begins the chain. */
  readonly configured: string | Chosen;
  readonly by: string;
  readonly reason: string;
  /** Version that must be the champion now. */
  readonly expect?: string | undefined;
}

/**
 * Change who is champion and challenger: in the registry, where it is decided who was first, then in `control`.
 *
 * @throws EbbtideError REGISTRY_CONFLICT when somebody else was first, or `expect` is not the champion
 */
export const pointTo = async (
  { context, registry, kind, configured, by, reason, expect }: PointPlace,
  decide: Decide,
): Promise<Pointer> => {
  const chain = await currentChain(context, registry, kind, configured, by);
  const current = chain.at(-1)!;
  if (expect !== undefined && current.champion.version !== expect)
    throw new EbbtideError(
      'REGISTRY_CONFLICT',
      `Nothing was changed: the champion is ${current.champion.version} by now, not ${expect}; made so by ${current.by} at ${current.at}`,
      { expect, champion: current.champion.version },
    );
  const decided = await decide(current, chain, (version) => checkedVersion(registry, kind, version));
  const next: Pointer = {
    kind,
    sequence: current.sequence + 1,
    ...decided,
    at: new Date().toISOString(),
    by,
    reason,
  };
  await registry.point(next);
  await writeControlRecord(context, pointerRecord(next));
  return next;
};

/** {@link pointTo} for a command: with what the configuration names, and words for the terminal. */
export const pointModels = async (
  { terminal, load }: Invocation,
  { kind, reason, expect }: PointOptions,
  decide: Decide,
): Promise<void> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const { context, close } = await connect(config, 'models');
  try {
    const by = userInfo().username;
    const configured = configuredModel(config, kind);
    const next = await audited(context, { action: 'model', subject: kind, reason }, async (told) => {
      const pointer = await pointTo({ context, registry, kind, configured, by, reason, expect }, decide);
      await told(`Champion ${pointer.champion.version}, challenger ${pointer.challenger?.version ?? 'none'}`);
      return pointer;
    });
    if (terminal.json) return terminal.printJson(next);
    terminal.print(
      `Champion of ${kind}: ${next.champion.version}; challenger: ${next.challenger?.version ?? 'none'}. In force once jobs have loaded them, from their next clock record on`,
    );
  } finally {
    await close();
  }
};

/** The registry's chain, with its last pointer in `control`; the configured model begins it. */
const currentChain = async (
  context: AppContext,
  registry: ModelRegistry,
  kind: ModelKind,
  configured: string | Chosen,
  by: string,
): Promise<readonly Pointer[]> => {
  const chain = [...(await registry.pointers(kind))];
  const controls = await readControls(context);
  const prefix = pointerRecord({ ...placeholder, kind }).key.slice(0, -8);
  const announced = Math.max(
    0,
    ...[...controls.keys()].filter((key) => key.startsWith(prefix)).map((key) => Number(key.slice(prefix.length))),
  );
  if (announced > (chain.at(-1)?.sequence ?? 0))
    throw new EbbtideError(
      'REGISTRY_CONFLICT',
      `Nothing was changed: topic control knows model pointer ${announced}, the registry ${registry.name} only ${chain.at(-1)?.sequence ?? 0}; use the registry that the promotions were made in (models.registry)`,
      { announced, registry: registry.name },
    );
  if (chain.length === 0) {
    const { version, digest } =
      typeof configured === 'string' ? await registry.publish(kind, configured, by) : configured;
    const champion = { version, digest };
    const first: Pointer = { ...placeholder, kind, champion, at: new Date().toISOString(), by };
    await registry.point(first);
    chain.push(first);
  }
  const last = pointerRecord(chain.at(-1)!);
  // Whoever promoted before was cut short between the registry and the topic
  if (!controls.has(last.key)) await writeControlRecord(context, last);
  return chain;
};

const placeholder: Pointer = {
  kind: 'anomaly',
  sequence: 1,
  action: 'adopt',
  champion: { version: '', digest: '' },
  challenger: null,
  base: 0,
  at: new Date(0).toISOString(),
  by: '',
  reason: 'the configured model',
};

/** A version that may be put in force: whole, signed where that is demanded, and of features that this program makes. */
const checkedVersion = async (registry: ModelRegistry, kind: ModelKind, version: string): Promise<Chosen> => {
  const standing = builtIn[kind];
  if (standing?.version === version) return standing;
  const { record, source } = await registry.version(kind, version);
  await checkedManifest(kind, source);
  return { version, digest: record.digest };
};
