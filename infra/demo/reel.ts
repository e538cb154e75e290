import { loadRecording, type Recording } from '../../models/data/index.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import type { ResourceSample } from '../../schemas/generated/ResourceTelemetry.ts';
import type { Behaviour } from './behaviour.ts';

/** The machine whose recorded anomaly an intruder brings along: something really went wrong with it. */
export const intruder = 'smd-2-8';

/** Rows of calm before the recorded anomaly that are played when a machine is to run into its own. */
export const leadRows = 250;

/**
 * Plays what was recorded of a real machine, row by row, and can be switched to the stretch in which something really
 * went wrong with one. Nothing here knows of scores.
 */
export class Reel implements Behaviour {
  readonly misbehaviour = `does what ${intruder} did in a recorded anomaly`;
  readonly #calm: Recording;
  readonly #anomalous: Recording;
  readonly #startRow: number;
  #playing: Recording;
  #row = 0;

  /**
   * @param machine - machine of the calm recording, e.g. `smd-2-1`
   * @param startRow - row of it to begin with, taken modulo its length
   */
  constructor(machine: string, startRow: number) {
    this.#calm = loadRecording(`${machine}-benign`);
    this.#anomalous = loadRecording(`${intruder}-anomaly`);
    this.#startRow = startRow % this.#calm.rows;
    this.#playing = this.#calm;
    this.calm();
  }

  /** Whether the row that comes next is labelled anomalous in the data set. */
  get isAnomalous(): boolean {
    return this.#playing.labels[this.#row] === 1;
  }

  /** A recording does not care who holds what. */
  holds(): void {}

  calm(): void {
    this.#playing = this.#calm;
    this.#row = this.#startRow;
  }

  misbehave(before = 0): void {
    this.#playing = this.#anomalous;
    this.#row = Math.max(0, (this.#anomalous.anomaly?.from ?? 0) - before);
  }

  /** The next row as a sample. An anomaly is repeated until it is switched off; calm rows begin anew at their end. */
  next(time: number): ResourceSample {
    const row = this.#row;
    const { metrics, anomaly, rows } = this.#playing;
    const values = Object.fromEntries(resourceMetrics.map((metric) => [metric, orNull(metrics[metric][row])]));
    this.#row = row + 1 < (anomaly?.to ?? rows) ? row + 1 : (anomaly?.from ?? 0);
    return { time, custom: {}, ...values } as ResourceSample;
  }
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;
