import '../../models/runtimes/noTelemetry.ts';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ModelsConfig } from '../../models/registry/config.ts';
import type { CredentialFacts } from '../../operators/decideTtl.ts';
import type { HistoricPart } from '../../pipelines/replay/history.ts';
import { EbbtideError, type ErrorCode } from '../../schemas/errors.ts';
import type { Control, Label } from '../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import type { TellRefused } from '../jobs/tellRefused.ts';
import type { Core, CoreLane, CoreParts, CoreResult, CoreSummary, Wanted } from './core.ts';
import { buffersOf, type PackedPart, pack } from './pack.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly control: readonly (readonly [string, number, Control | undefined])[];
  readonly credentials: readonly (readonly [
    number,
    readonly (readonly [string, number, CredentialFacts | undefined])[],
  ])[];
  readonly labels: readonly Label[];
  readonly lanes: readonly CoreLane[];
  readonly models: ModelsConfig;
  readonly wants: Wanted;
}

/** What is said to a thread. */
export type ToThread =
  | { readonly kind: 'batch'; readonly parts: readonly PackedPart[] }
  | { readonly kind: 'summary' }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: ThrownError };

/** What a thread says; batches are answered in their order. */
export type FromThread =
  | { readonly kind: 'ready'; readonly modelVersions: readonly string[] }
  | { readonly kind: 'result'; readonly result: CoreResult }
  | { readonly kind: 'summary'; readonly summary: CoreSummary }
  | { readonly kind: 'refused'; readonly order: Parameters<TellRefused>[0]; readonly why: string }
  | { readonly kind: 'failed'; readonly error: ThrownError }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly method: keyof SchemaRegistry;
      readonly args: readonly unknown[];
    };

/** An error that changes threads. */
export interface ThrownError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An error as plain data. */
export const thrown = (error: unknown): ThrownError =>
  error instanceof EbbtideError
    ? { code: error.code, message: error.message, details: JSON.parse(JSON.stringify(error.details)) }
    : { code: undefined, message: (error as Error).stack ?? String(error), details: {} };

/** The error again. */
export const rethrown = ({ code, message, details }: ThrownError): Error =>
  code === undefined ? new Error(message) : new EbbtideError(code, message, details);

/** Buffers come out of another thread as plain arrays of bytes. */
const withBuffers = (result: CoreResult): CoreResult => ({
  ...result,
  outputs: result.outputs.map((lane) =>
    lane.map((output) => ({
      ...output,
      records: output.records.map((record) => ({ ...record, value: record.value && asBuffer(record.value) })),
    })),
  ),
});

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Waiting {
  resolve(value: never): void;
  reject(error: unknown): void;
}

/**
 * Open lanes in a thread of their own. What it asks the schema registry is asked here.
 *
 * @param partitions - those that it will be given messages of
 * @throws {EbbtideError} as `openCore` does
 */
export const openThread = async (parts: CoreParts, partitions: readonly number[]): Promise<Core> => {
  const { registry, control, labels, lanes, models, wants } = parts;
  const workerData: ThreadData = {
    control: [...control.versions()],
    credentials: partitions.map((partition) => [partition, [...parts.credentials(partition).versions()]] as const),
    ...{ labels, lanes, models, wants },
  };
  const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), { workerData });
  const queue: Waiting[] = [];
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    for (const { reject } of queue.splice(0)) reject(failure);
  };
  const tell = (message: ToThread, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);
  const awaiting = <T>(): Promise<T> =>
    failure
      ? Promise.reject(failure)
      : new Promise<T>((resolve, reject) => queue.push({ resolve: resolve as Waiting['resolve'], reject }));
  const answer = async ({ id, method, args }: Extract<FromThread, { kind: 'ask' }>) => {
    try {
      const value = await (registry[method] as (...args: unknown[]) => Promise<unknown>).apply(registry, [...args]);
      tell({ kind: 'answer', id, value });
    } catch (error) {
      tell({ kind: 'answer', id, error: thrown(error) });
    }
  };
  const ready = awaiting<readonly string[]>();
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('A thread of the replay ended')));
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'ready') queue.shift()?.resolve(message.modelVersions as never);
    else if (message.kind === 'result') queue.shift()?.resolve(withBuffers(message.result) as never);
    else if (message.kind === 'summary') queue.shift()?.resolve(message.summary as never);
    else if (message.kind === 'refused') parts.refused(message.order, message.why);
    else if (message.kind === 'failed') fail(rethrown(message.error));
    else void answer(message);
  });
  try {
    const modelVersions = await ready;
    return {
      modelVersions,
      run(batch: readonly HistoricPart[]) {
        const packed = batch.map(pack);
        const result = awaiting<CoreResult>();
        tell({ kind: 'batch', parts: packed }, packed.flatMap(buffersOf));
        return result;
      },
      summary() {
        const summary = awaiting<CoreSummary>();
        tell({ kind: 'summary' });
        return summary;
      },
      close: async () => {
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
};
