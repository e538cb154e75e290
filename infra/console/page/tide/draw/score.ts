import type { Lane } from '../../../view/lane.ts';
import type { Thresholds } from '../../../view/protocol.ts';
import { type Palette, withAlpha } from './palette.ts';
import type { Scale } from './scale.ts';

/** A pause longer than this, in pixels, is a gap in the line and not a straight stretch. */
const gapPx = 42;
const namePx = 12;

const y = (scale: Scale, value: number): number => scale.scoreBottom - value * (scale.scoreBottom - scale.scoreTop);

const drawThresholds = (
  context: CanvasRenderingContext2D,
  scale: Scale,
  palette: Palette,
  thresholds: Thresholds,
  named: boolean,
): void => {
  const lines = [
    [thresholds.high, palette.revoke, 'revoke'],
    [thresholds.moderate, palette.shorten, 'shorten'],
    [thresholds.low, palette.extend, 'extend'],
  ] as const;
  context.font = `500 10px ${palette.font}`;
  context.textAlign = 'right';
  context.lineWidth = 1;
  for (const [value, colour] of lines) {
    const height = Math.round(y(scale, value)) + 0.5;
    context.strokeStyle = withAlpha(colour, 0.32);
    context.beginPath();
    context.moveTo(0, height);
    context.lineTo(scale.width, height);
    context.stroke();
  }
  if (!named || scale.height < 100 || scale.width - scale.nowX < 90) return;
  let free = scale.scoreTop + 3 - namePx;
  for (const [value, colour, name] of lines) {
    // Thresholds may lie close together, their names may not
    free = Math.max(free + namePx, y(scale, value) - 2);
    context.fillStyle = withAlpha(colour, 0.9);
    context.fillText(name, scale.width, free);
  }
};

/** Draw the score over time, its thresholds as thin lines; the line takes the colour of the band that it is in. */
export const drawScore = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  thresholds: Thresholds,
  named: boolean,
): void => {
  drawThresholds(context, scale, palette, thresholds, named);
  const { scores } = lane;
  const heat = context.createLinearGradient(0, scale.scoreBottom, 0, scale.scoreTop);
  heat.addColorStop(0, palette.score);
  heat.addColorStop(thresholds.moderate - 0.04, palette.score);
  heat.addColorStop(thresholds.moderate, palette.shorten);
  heat.addColorStop(thresholds.high - 0.04, palette.shorten);
  heat.addColorStop(thresholds.high, palette.revoke);
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  let lastX = Number.NEGATIVE_INFINITY;
  let lastLearning = false;
  context.beginPath();
  const stroke = (): void => {
    context.strokeStyle = lastLearning ? palette.scoreFaint : heat;
    context.setLineDash(lastLearning ? [2, 3] : []);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
  };
  for (let index = 0; index < scores.length; index += 2) {
    const x = scale.x(scores[index]!);
    if (x < -gapPx) continue;
    const value = scores[index + 1]!;
    const learning = value < 0;
    if (x - lastX > gapPx || learning !== lastLearning) {
      stroke();
      context.moveTo(x, y(scale, Math.abs(value)));
      lastLearning = learning;
    } else context.lineTo(x, y(scale, Math.abs(value)));
    lastX = x;
  }
  stroke();
  drawHead(context, lane, scale, heat, lastX);
};

const drawHead = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  colour: CanvasGradient,
  x: number,
): void => {
  if (x < 0 || scale.nowX - x > gapPx) return;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y(scale, Math.abs(lane.scores.at(-1)!)), 2.2, 0, 2 * Math.PI);
  context.fill();
};
