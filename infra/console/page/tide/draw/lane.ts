import type { Lane } from '../../../view/lane.ts';
import type { Moment, Thresholds } from '../../../view/protocol.ts';
import { drawMarks } from './marks.ts';
import { type Palette, withAlpha } from './palette.ts';
import { scaleOf } from './scale.ts';
import { drawScore } from './score.ts';
import { drawTide } from './tide.ts';

/** What a lane is drawn with. */
export interface Scene {
  readonly now: number;
  readonly spanMs: number;
  readonly thresholds: Thresholds;
  readonly palette: Palette;
  /** A clock for the swell, milliseconds; null where motion is unwelcome. */
  readonly swellMs: number | null;
  /** Lane in which the thresholds are named. */
  readonly namedIn: string | null;
}

/** What the reader points at in one lane. */
export interface Pointing {
  readonly moment: Moment | null;
  /** Where the reading line stands, CSS pixels. */
  readonly x: number | null;
}

/** Draw one lane on its canvas, at the resolution of the screen. */
export const drawLane = (canvas: HTMLCanvasElement, lane: Lane, scene: Scene, pointing: Pointing | null): void => {
  const { width, height } = canvas;
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  const ratio = Number(canvas.dataset.ratio ?? 1);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width / ratio, height / ratio);
  const scale = scaleOf(width / ratio, height / ratio, scene.now, scene.spanMs);
  drawTide(context, lane, scale, scene.palette, scene.thresholds, scene.swellMs);
  drawScore(context, lane, scale, scene.palette, scene.thresholds, pointing !== null || scene.namedIn === lane.id);
  drawMarks(context, lane, scale, scene.palette, pointing?.moment ?? null);
  if (pointing?.x == null || pointing.moment) return;
  context.strokeStyle = withAlpha(scene.palette.foam, 0.5);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(pointing.x) + 0.5, scale.scoreTop);
  context.lineTo(Math.round(pointing.x) + 0.5, scale.waterBottom);
  context.stroke();
};
