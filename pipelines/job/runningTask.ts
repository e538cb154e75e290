import { type OperatorFunction, Subject } from 'rxjs';
import type { InputBatch, InputMessage, OutputBatch, OutputRecord } from '../../operators/batch.ts';

/** One partition's chain, with the state it was brought up with. */
export interface PartitionTask {
  readonly chain: OperatorFunction<InputBatch, OutputBatch>;
  /** Offset to begin to read at. */
  readonly start: number;
  /** What comes of messages before this offset was written before. */
  readonly replayBefore: number;
}

/**
 * Bytes of messages that a chain is given at once: its tables then stay in the processor's cache, and what it makes of
 * them is gone before the garbage collector looks.
 */
const pieceBytes = 262_144;

const piecesOf = (messages: readonly InputMessage[]): (readonly InputMessage[])[] => {
  const pieces: (readonly InputMessage[])[] = [];
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    bytes += messages[i]!.value?.length ?? 0;
    if (bytes < pieceBytes && i < messages.length - 1) continue;
    pieces.push(messages.slice(from, i + 1));
    from = i + 1;
    bytes = 0;
  }
  return pieces;
};

/** A chain that runs: batches go in one at a time, in pieces, and come out as one each. */
export class RunningTask {
  readonly replayBefore: number;
  readonly #input = new Subject<InputBatch>();
  #settle: { resolve: (output: OutputBatch) => void; reject: (error: unknown) => void } | undefined;
  #failure: unknown;

  constructor({ chain, replayBefore }: PartitionTask) {
    this.replayBefore = replayBefore;
    this.#input.pipe(chain).subscribe({
      next: (output) => this.#settle?.resolve(output),
      error: (error) => {
        this.#failure = error;
        this.#settle?.reject(error);
      },
    });
  }

  async process(messages: readonly InputMessage[]): Promise<OutputBatch> {
    const pieces = piecesOf(messages);
    if (pieces.length <= 1) return this.#run(messages);
    const records: OutputRecord[] = [];
    let next = 0;
    for (const piece of pieces) {
      const output = await this.#run(piece);
      for (const record of output.records) records.push(record);
      next = output.next;
    }
    return { records, next };
  }

  #run(messages: readonly InputMessage[]): Promise<OutputBatch> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#input.next({ messages, replayBefore: this.replayBefore });
    });
  }

  close(): void {
    this.#input.complete();
  }
}
