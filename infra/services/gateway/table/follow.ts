import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Controls } from '../../../../operators/actuate/controls.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { Control, ScopeOverride, Translation } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import type { AppContext } from '../../../context.ts';
import { readPatiently } from '../../../kafka/readPatiently.ts';
import type { Message } from '../../../kafka/types.ts';
import type { Definitions } from './definitions.ts';
import type { Overrides } from './overrides.ts';
import type { RowTable } from './rows.ts';

/** Most records taken in before the event loop turns. */
const slice = 32;
const probeMs = 1_000;

/** How well the table is known. */
export interface Freshness {
  /** Whether all that was there at the start has been read. */
  readonly loaded: boolean;
  /** How long ago it was sure that nothing was missing, milliseconds. */
  ageMs(): number;
}

/** What is kept of the topics. */
export interface Tables {
  readonly rows: RowTable;
  readonly overrides: Overrides;
  readonly definitions: Definitions;
  /** What administrators have set. */
  readonly controls: Pick<Controls, 'apply' | 'remove'>;
}

/** The topics, followed into memory. */
export interface TableFollower extends Freshness {
  readonly caughtUp: Promise<void>;
  /** Rejects when following ends for good; never resolves. */
  readonly failed: Promise<never>;
  /** Records that could not be read or held; what they were to replace stays in force. */
  passedOver(): number;
  close(): Promise<void>;
}

/**
 * Follow `translations`, `scope-overrides` and `control` into memory, and ask the broker once a second
 * whether anything is missing.
 *
 * @param clock - monotonic, milliseconds
 */
export const followTable = async (
  { kafka, registry, log, tracing }: AppContext,
  { rows, overrides, definitions, controls }: Tables,
  clock: () => number = () => performance.now(),
): Promise<TableFollower> => {
  const translations = await TopicCodec.open<Translation>(topics.translations, registry);
  const scopeOverrides = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry);
  const controlCodec = await TopicCodec.open<Control>(topics.control, registry);
  const followed = [topics.translations, topics.scopeOverrides, topics.control].map(({ name }) => name);
  const tail = await kafka.tail({ topics: followed, from: 'beginning' });
  const stopping = new AbortController();
  const { signal } = stopping;
  let loaded = false;
  let freshAt = Number.NEGATIVE_INFINITY;
  let passedOver = 0;

  const patience = {
    signal,
    onRetry: (error: unknown) => log.warn({ error: (error as Error).message }, 'record cannot be read yet'),
  };
  const take = async ({ topic, key, value, headers }: Message): Promise<boolean> => {
    if (topic === topics.translations.name) {
      if (value) return rows.set(await readPatiently(translations, value, patience));
      rows.remove(String(key));
    } else if (topic === topics.control.name) {
      const control = value && (await readPatiently(controlCodec, value, patience));
      definitions.set(String(key), control);
      if (control) controls.apply(control);
      else controls.remove(String(key));
    } else {
      const span = tracing?.causeOf(headers)?.child('gateway enforces', { 'ebbtide.subject': String(key) });
      const known = value === null || overrides.set(await readPatiently(scopeOverrides, value, patience));
      if (value === null) overrides.remove(String(key));
      span?.end();
      return known;
    }
    return true;
  };
  const read = async () => {
    for await (const messages of tail.batches()) {
      let taken = 0;
      for (const message of messages) {
        const { topic, partition, offset } = message;
        try {
          if (!(await take(message))) log.warn({ topic, partition, offset }, 'record names what is not known here');
        } catch (error) {
          if (signal.aborted) return;
          passedOver++;
          log.warn({ topic, partition, offset, code: (error as { code?: string }).code }, 'record passed over');
        }
        if (++taken % slice === 0) await turn();
      }
    }
  };
  const probe = async () => {
    await tail.caughtUp;
    loaded = true;
    // Under steady change there may never be a moment without a record on its way, but an end that was noted is passed
    let noted: { readonly at: number; readonly passed: () => boolean } | undefined;
    while (!signal.aborted) {
      const at = clock();
      definitions.settle();
      if (!noted) {
        const passed = await tail.mark().catch(() => undefined);
        if (passed) noted = { at, passed };
      }
      if (noted?.passed()) {
        freshAt = Math.max(freshAt, noted.at);
        noted = undefined;
      }
      await sleep(probeMs, undefined, { signal }).catch(() => {});
    }
  };
  const failed = new Promise<never>((_, reject) => {
    read().then(
      () => signal.aborted || reject(new Error('The tail of the translation table ended')),
      (error: unknown) => signal.aborted || reject(error),
    );
  });
  failed.catch(() => {});
  void probe();

  return {
    caughtUp: tail.caughtUp.then(() => {
      loaded = true;
      freshAt = clock();
    }),
    failed,
    get loaded() {
      return loaded;
    },
    ageMs: () => clock() - freshAt,
    passedOver: () => passedOver,
    close: () => {
      stopping.abort();
      return tail.close();
    },
  };
};
