import { EbbtideError } from '../../schemas/errors.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { FitPoint } from './epochs.ts';

/** A fit that is done: the epoch that it took its weights of, its loss, its weights. */
export interface DoneFit {
  readonly epoch: number;
  readonly loss: number;
  readonly weights: readonly Float32Array[];
}

/** Where a training of several fits is: those that are done, and the one that is not. */
export interface FitsPoint {
  readonly done: readonly DoneFit[];
  readonly current?: FitPoint;
}

/** Where a training is kept while it runs. */
export interface FitsCheckpoint {
  readonly file: string;
  readonly resume?: boolean;
  /** What the training was asked for, so that it can be asked for again. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** A checkpoint's arrays: two numbers of each fit that is done, the fits, and the one that is not. */
const arraysOf = ({ done, current }: FitsPoint): Float32Array[] => [
  Float32Array.from(done.flatMap(({ epoch, loss }) => [epoch, loss])),
  ...done.flatMap(({ weights }) => weights),
  ...(current?.arrays ?? []),
];

const pointOf = ({ arrays, epoch, best }: Checkpoint, variables: number): FitsPoint => {
  const [facts, ...rest] = arrays;
  const fits = facts!.length / 2;
  const done = Array.from({ length: fits }, (_, i) => ({
    epoch: facts![2 * i]!,
    loss: facts![2 * i + 1]!,
    weights: rest.slice(i * variables, (i + 1) * variables),
  }));
  const current = rest.slice(fits * variables);
  if (current.length === 0) return { done };
  return { done, current: { epoch, best: { loss: best.validationLoss, epoch: best.epoch }, arrays: current } };
};

/**
 * Keep a training of several fits in a checkpoint, and take one up.
 *
 * @param variables - weights of one fit
 * @param fingerprint - of everything that decides the outcome
 * @throws EbbtideError REQUEST_INVALID for a checkpoint of another training, STATE_CORRUPT for a damaged one
 */
export const keepFits = (
  checkpoint: FitsCheckpoint | undefined,
  variables: number,
  fingerprint: string,
): { readonly from?: FitsPoint; readonly onPoint?: (point: FitsPoint) => void } => {
  if (!checkpoint) return {};
  const { file, resume, request = {} } = checkpoint;
  const kept = resume ? readCheckpoint(file) : undefined;
  if (kept && kept.fingerprint !== fingerprint)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Checkpoint ${file} belongs to another training: data, seed, options or backend differ; train without --resume to begin anew`,
      { file },
    );
  const onPoint = (point: FitsPoint): void =>
    writeCheckpoint(file, {
      fingerprint,
      request,
      epoch: point.current?.epoch ?? 0,
      done: 0,
      running: null,
      best: { validationLoss: point.current?.best.loss ?? null, epoch: point.current?.best.epoch ?? 0 },
      arrays: arraysOf(point),
    });
  return { onPoint, ...(kept ? { from: pointOf(kept, variables) } : {}) };
};
