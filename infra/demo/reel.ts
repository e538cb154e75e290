import { loadRecording, type Recording } from '../../models/data/index.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import type { ResourceSample } from '../../schemas/generated/ResourceTelemetry.ts';

/** Rows of calm that an anomalous recording begins with, and that are played before a take-over. */
const leadRows = 250;

/**
 * Plays what was recorded of one real machine, row by row, and can be switched to a stretch in which something really
 * went wrong with that machine. Nothing here knows of scores.
 */
export class Reel {
  readonly #calm: Recording;
  readonly #anomalous: Recording;
  #playing: Recording;
  #row: number;

  /**
   * @param machine - machine of the recordings, e.g. `smd-2-8`
   * @param startRow - row of the calm recording to begin with
   */
  constructor(machine: string, startRow: number) {
    this.#calm = loadRecording(`${machine}-benign`);
    this.#anomalous = loadRecording(`${machine}-anomaly`);
    this.#playing = this.#calm;
    this.#row = startRow % this.#calm.rows;
  }

  /** Whether the rows played now are labelled anomalous. */
  get isAnomalous(): boolean {
    return this.#playing.labels[this.#row] === 1;
  }

  /** Play calm rows again, from some row on. */
  calm(startRow: number): void {
    this.#playing = this.#calm;
    this.#row = startRow % this.#calm.rows;
  }

  /** Play the machine's anomaly from its first row on. */
  anomaly(): void {
    this.#playing = this.#anomalous;
    this.#row = this.#anomalous.anomaly?.from ?? 0;
  }

  /** Play the recording that leads into the anomaly without a cut. @returns rows until it begins */
  leadIn(): number {
    this.anomaly();
    const lead = Math.min(leadRows, this.#row);
    this.#row -= lead;
    return lead;
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
