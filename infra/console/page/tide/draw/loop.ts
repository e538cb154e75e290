import type { Store } from '../../store.ts';
import { drawLane, type Pointing } from './lane.ts';
import { type Palette, readPalette } from './palette.ts';

const still = matchMedia('(prefers-reduced-motion: reduce)');
const stillMs = 1_000;
/** Where the frame after a drawn one comes later than this, every second frame is drawn; then every third. */
const lateMs = [22, 45] as const;

/** Draws the lanes that are in view, as often as the screen and the machine allow, once a second where motion is unwelcome. */
export class DrawLoop {
  readonly #store: Store;
  readonly #visible = new Map<string, HTMLCanvasElement>();
  readonly #resizes = new ResizeObserver((entries) => {
    for (const { target } of entries) this.#fit(target as HTMLCanvasElement);
  });
  #palette: Palette = readPalette();
  /** From a drawn frame to the one after it, smoothed: what drawing and painting cost, wherever they run. */
  #afterDrawMs = 16;
  #drewLast = false;
  #turnedAt = 0;
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
    if (still.matches && at - this.#drawnAt < stillMs && !this.pointing) {
      this.#drewLast = false;
      return;
    }
    if (this.#drewLast) this.#afterDrawMs += (Math.min(200, at - this.#turnedAt) - this.#afterDrawMs) * 0.1;
    this.#turnedAt = at;
    const stride = 1 + lateMs.filter((ms) => this.#afterDrawMs > ms).length;
    this.#drewLast = this.#frame % stride === 0;
    if (!this.#drewLast) return;
    this.#drawnAt = at;
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
  };
}
