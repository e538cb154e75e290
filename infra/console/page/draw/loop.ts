import type { Store } from '../store.ts';
import { drawLane, type Pointing } from './lane.ts';
import { type Palette, readPalette } from './palette.ts';

const still = matchMedia('(prefers-reduced-motion: reduce)');
const stillMs = 1_000;
/** A frame that costs more than this gets half the frames. */
const dearMs = 7;

/** Draws the lanes that are in view, as often as the screen and the machine allow, once a second where motion is unwelcome. */
export class DrawLoop {
  readonly #store: Store;
  readonly #visible = new Map<string, HTMLCanvasElement>();
  readonly #resizes = new ResizeObserver((entries) => {
    for (const { target } of entries) this.#fit(target as HTMLCanvasElement);
  });
  #palette: Palette = readPalette();
  #costMs = 0;
  #frame = 0;
  #drawnAt = 0;
  /** Lane in which the thresholds are named. */
  namedIn: string | null = null;
  /** What is pointed at, and in which lane. */
  pointing: (Pointing & { readonly id: string }) | null = null;

  constructor(store: Store) {
    this.#store = store;
    requestAnimationFrame(this.#turn);
  }

  /** Colours may have changed. */
  recolour(): void {
    this.#palette = readPalette();
    this.#drawnAt = 0;
  }

  show(id: string, canvas: HTMLCanvasElement): void {
    this.#visible.set(id, canvas);
    this.#resizes.observe(canvas);
    this.#fit(canvas);
  }

  hide(id: string): void {
    const canvas = this.#visible.get(id);
    if (canvas) this.#resizes.unobserve(canvas);
    this.#visible.delete(id);
  }

  #fit(canvas: HTMLCanvasElement): void {
    const ratio = Math.min(3, devicePixelRatio);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    canvas.dataset.ratio = String(ratio);
    this.#drawnAt = 0;
  }

  readonly #turn = (at: number): void => {
    requestAnimationFrame(this.#turn);
    this.#frame += 1;
    if (still.matches && at - this.#drawnAt < stillMs && !this.pointing) return;
    if (this.#costMs > dearMs && this.#frame % 2 === 1) return;
    this.#drawnAt = at;
    const began = performance.now();
    const { view, spanMs } = this.#store;
    const live = this.#store.connection === 'live' && !still.matches;
    const scene = {
      now: this.#store.now(),
      spanMs,
      thresholds: view.control.thresholds,
      palette: this.#palette,
      swellMs: live ? at : null,
      namedIn: this.namedIn,
    };
    for (const [id, canvas] of this.#visible) {
      const lane = view.lanes.get(id);
      if (lane) drawLane(canvas, lane, scene, this.pointing?.id === id ? this.pointing : null);
    }
    this.#costMs = this.#costMs * 0.9 + (performance.now() - began) * 0.1;
  };
}
