import { type Chosen, type PointerOrder, pointerOrderSchema } from '../../models/registry/record.ts';
import type { Joined } from '../../operators/batch.ts';
import type { ModelChoice, ModelsInForce } from '../../operators/modelChoice.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import type { Logger } from '../log.ts';

/** A model, as far as a pool is concerned. */
export interface PooledModel {
  readonly version: string;
  close(): Promise<void>;
}

/** What the pool loads models with. */
export interface ModelPoolOptions<M extends PooledModel> {
  /** Kind of model, as its pointers name it. */
  readonly kind: PointerOrder['kind'];
  /** The model that scores until another is promoted. */
  readonly configured: M;
  /** SHA-256 of the configured model's manifest, or what stands for it in a model that is built in. */
  readonly configuredDigest: string;
  /**
   * Load a version and warm it.
   * @throws EbbtideError when it is not there, damaged, or not of this program's features
   */
  load(chosen: Chosen): Promise<M>;
  /** Told of each pointer that is not put in force, and why. */
  refused(sequence: number, error: unknown): void;
  readonly log: Logger;
  /** How long to wait before a registry that was away is asked again, milliseconds. */
  readonly retryMs?: number;
}

const defaultRetryMs = 2000;

/** The pointer that a record of topic `control` orders, undefined where it orders something else or cannot be read. */
const orderOf = ({ kind, value }: Control): PointerOrder | undefined => {
  if (kind !== 'model') return undefined;
  try {
    return pointerOrderSchema.parse(JSON.parse(value));
  } catch {
    return undefined;
  }
};

/**
 * The models that are in force somewhere on this instance, and those that soon will be.
 *
 * A pointer that is heard of in `control` is loaded at once, beside what runs. Once all its models are there and warm,
 * {@link sequence} says so; the next clock record carries that into the stream, and each partition switches where it
 * reads it. A pointer that cannot be loaded is never announced: what is in force stays, and a replay sees the same.
 */
export class ModelPool<M extends PooledModel> implements ModelChoice<M> {
  readonly #options: ModelPoolOptions<M>;
  readonly #orders = new Map<number, PointerOrder>();
  readonly #loaded = new Map<string, Promise<M>>();
  readonly #inForce = new Map<number, ModelsInForce<M>>();
  #announced = 0;
  #wanted = 0;
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;
  #began = false;

  constructor(options: ModelPoolOptions<M>) {
    this.#options = options;
  }

  /** The pointer that may be put in force from now on: everything that it names is there; 0 for none. */
  get sequence(): number {
    return this.#announced;
  }

  /** Version that decides by the pointer to be put in force. */
  get champion(): string {
    return (this.#inForce.get(this.#announced)?.champion ?? this.#options.configured).version;
  }

  /** Hear of a record of topic `control`. */
  hear(control: Control): void {
    const order = orderOf(control);
    if (order?.kind !== this.#options.kind || this.#orders.has(order.sequence)) return;
    this.#orders.set(order.sequence, order);
    if (order.sequence <= this.#wanted) return;
    this.#wanted = order.sequence;
    if (this.#began) this.#prepare(order.sequence);
  }

  /** Prepare the newest pointer of those heard of so far, or the newest that can be loaded; then each as it comes. */
  async begin(): Promise<void> {
    this.#began = true;
    for (const sequence of [...this.#orders.keys()].sort((a, b) => b - a)) {
      this.#prepare(sequence);
      await this.#work;
      if (this.#announced > 0) return;
    }
  }

  /** Resolves once the models of what is in force are there; undefined where they are. */
  reached({ models = 0 }: Pick<Joined, 'models'>): Promise<void> | undefined {
    if (models === 0 || this.#inForce.has(models)) return undefined;
    return this.#ready(models);
  }

  inForce({ models = 0 }: Pick<Joined, 'models'>): ModelsInForce<M> {
    if (models === 0) return { champion: this.#options.configured };
    const found = this.#inForce.get(models);
    if (!found) throw new Error(`Models of pointer ${models} were not awaited`);
    return found;
  }

  challengerFailed(version: string, error: unknown): void {
    this.#options.log.error({ version, error: (error as Error).message }, 'challenger failed, the champion scores on');
  }

  /**
   * Close the models that only pointers before the oldest one in force name.
   *
   * @param oldest - sequence of the oldest pointer that may still be asked for
   */
  async release(oldest: number): Promise<void> {
    await this.#work;
    const kept = new Set<unknown>();
    for (const [sequence, { champion, challenger }] of this.#inForce) {
      if (sequence < oldest && sequence < this.#announced) this.#inForce.delete(sequence);
      else for (const model of [champion, challenger]) kept.add(model);
    }
    for (const [id, loading] of this.#loaded) {
      const model = await loading.catch(() => undefined);
      if (!model || kept.has(model)) continue;
      this.#loaded.delete(id);
      await model.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    for (const loading of this.#loaded.values()) {
      const model = await loading.catch(() => undefined);
      if (model && model !== this.#options.configured) await model.close();
    }
    this.#loaded.clear();
  }

  #prepare(sequence: number): void {
    this.#work = this.#work.then(async () => {
      for (;;) {
        try {
          await this.#bringUp(sequence);
          this.#announced = Math.max(this.#announced, sequence);
          this.#options.log.info({ sequence, champion: this.champion }, 'models loaded, to be put in force');
          return;
        } catch (error) {
          this.#options.refused(sequence, error);
          const away = isEbbtideError(error, 'REGISTRY_UNAVAILABLE');
          if (!away || this.#closed || this.#wanted > sequence) return;
          await this.#pause();
          if (this.#closed) return;
        }
      }
    });
  }

  /** What the stream says is in force has to be there, whatever it takes. */
  async #ready(sequence: number): Promise<void> {
    for (;;) {
      try {
        return await this.#bringUp(sequence);
      } catch (error) {
        if (!isEbbtideError(error, 'REGISTRY_UNAVAILABLE') || this.#closed) throw error;
        this.#options.refused(sequence, error);
        await this.#pause();
      }
    }
  }

  async #bringUp(sequence: number): Promise<void> {
    const order = this.#orders.get(sequence);
    if (!order)
      throw new EbbtideError(
        'NOT_FOUND',
        `Model pointer ${sequence} is in force but not in the topic control; see ebbtide models list`,
        { sequence },
      );
    const champion = await this.#load(order.champion);
    const challenger = order.challenger ? await this.#load(order.challenger) : undefined;
    this.#inForce.set(sequence, challenger ? { champion, challenger } : { champion });
  }

  #load(chosen: Chosen): Promise<M> {
    const { configured, configuredDigest } = this.#options;
    if (chosen.version === configured.version) {
      if (chosen.digest === configuredDigest) return Promise.resolve(configured);
      // State is told apart by version, so one name must not mean two models.
      throw new EbbtideError(
        'MODEL_DAMAGED',
        `Version ${chosen.version} is refused: the configured model has the same version and is another model`,
        { version: chosen.version },
      );
    }
    const id = `${chosen.version}/${chosen.digest}`;
    let loading = this.#loaded.get(id);
    if (!loading) {
      loading = this.#options.load(chosen);
      this.#loaded.set(id, loading);
      loading.catch(() => this.#loaded.delete(id));
    }
    return loading;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#options.retryMs ?? defaultRetryMs));
  }
}
