import { Presets, SingleBar } from 'cli-progress';
import { mayColour } from './terminal.ts';

/** Shows how far long work has come, on standard error. */
export interface Progress {
  /** @param note - a few words beside the bar */
  update(done: number, total: number, note: string): void;
  stop(): void;
}

const linesEvery = 10;

/**
 * A progress bar on a terminal; elsewhere a line for every tenth of the work, as logs want it.
 *
 * @param what - what is done, e.g. `Training`
 */
export const createProgress = (what: string, stream: NodeJS.WriteStream = process.stderr): Progress => {
  if (!stream.isTTY) {
    let told = -1;
    return {
      update: (done, total, note) => {
        const part = Math.floor((done / Math.max(1, total)) * linesEvery);
        if (part === told) return;
        told = part;
        stream.write(`${what}: ${done} of ${total}${note ? `, ${note}` : ''}\n`);
      },
      stop: () => {},
    };
  }
  const colour = mayColour(stream) ? '\u001b[36m{bar}\u001b[0m' : '{bar}';
  const bar = new SingleBar(
    {
      stream,
      format: `${what} ${colour} {percentage}%  {note}`,
      hideCursor: true,
      clearOnComplete: false,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  let begun = false;
  return {
    update: (done, total, note) => {
      if (begun) bar.update(done, { note });
      else bar.start(total, done, { note });
      begun = true;
    },
    stop: () => bar.stop(),
  };
};
