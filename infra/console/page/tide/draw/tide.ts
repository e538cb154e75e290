import type { Lane } from '../../../view/lane.ts';
import type { Thresholds } from '../../../view/protocol.ts';
import { type Palette, withAlpha } from './palette.ts';
import type { Scale } from './scale.ts';

const floodPx = 9;
const ebbPx = 4;
const contourDepths = [5, 12, 21];
/** A score colours the water back to the one before it, but no further than this. */
const longestWindowMs = 12_000;

/** Height of the water for a remaining life. */
const levelY = (scale: Scale, remainingMs: number, maxTtlMs: number): number =>
  scale.waterBottom - Math.min(1, Math.max(0, remainingMs / maxTtlMs)) * (scale.waterBottom - scale.waterTop);

/** The surface from its first moment in view to the present, as points and the curves between them. */
const traceSurface = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
): { startX: number; endY: number } | null => {
  const { pairs } = lane.life;
  const max = lane.maxTtlMs;
  const y = (at: number, expiresAt: number): number => levelY(scale, expiresAt - at, max);
  const leftAt = scale.at(0);
  let index = pairs.length - 2;
  while (index > 0 && pairs[index]! > leftAt) index -= 2;
  if (index < 0 || pairs[index]! > scale.now) return null;
  const startAt = Math.max(leftAt, pairs[index]!);
  const startX = scale.x(startAt);
  let expiresAt = pairs[index + 1]!;
  context.moveTo(startX, y(startAt, expiresAt));
  const drain = (from: number, to: number): void => {
    // A life that runs out goes along the seabed from then on
    if (expiresAt > from && expiresAt < to) context.lineTo(scale.x(expiresAt), scale.waterBottom);
  };
  let from = startAt;
  for (index += 2; index < pairs.length && pairs[index]! <= scale.now; index += 2) {
    const at = pairs[index]!;
    const next = pairs[index + 1]!;
    const [before, after] = [y(at, expiresAt), y(at, next)];
    const room = Math.min(scale.x(at) - scale.x(from), scale.x(pairs[index + 2] ?? scale.now) - scale.x(at));
    const half = Math.max(0, Math.min(after < before ? floodPx : ebbPx, room)) / 2;
    drain(from, at);
    if (half < 0.5 || Math.abs(after - before) < 1) {
      context.lineTo(scale.x(at), before);
      context.lineTo(scale.x(at), after);
    } else {
      const x = scale.x(at);
      context.lineTo(x - half, y(scale.at(x - half), expiresAt));
      context.bezierCurveTo(x, before, x, after, x + half, y(scale.at(x + half), next));
    }
    expiresAt = next;
    from = at;
  }
  drain(from, scale.now);
  const endY = y(scale.now, expiresAt);
  context.lineTo(scale.nowX, endY);
  return { startX, endY };
};

/** Where the score was above `moderate`, the water is troubled: it takes the colours of a storm. */
const drawTrouble = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  { moderate }: Thresholds,
): void => {
  const { scores } = lane;
  const storm = context.createLinearGradient(0, scale.waterTop, 0, scale.waterBottom);
  storm.addColorStop(0, palette.stormTop);
  storm.addColorStop(1, palette.stormDeep);
  context.fillStyle = storm;
  for (let index = 0; index < scores.length; index += 2) {
    const at = scores[index]!;
    if (scores[index + 1]! < moderate || scale.x(at) < -20) continue;
    const previous = index > 0 ? scores[index - 2]! : at - 500;
    const left = Math.round(scale.x(Math.max(previous, at - longestWindowMs)));
    context.fillRect(left, scale.waterTop - 2, Math.round(scale.x(at)) - left, scale.waterBottom - scale.waterTop + 2);
  }
};

/** Echoes of the surface below it, like the lines of depth on a chart; they rise and fall a little while all is live. */
const drawContours = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  swellMs: number | null,
): void => {
  context.lineWidth = 1;
  for (const [index, depth] of contourDepths.entries()) {
    const swell = swellMs === null ? 0 : Math.sin(swellMs / 900 - index * 0.9) * 1.2;
    context.save();
    context.translate(0, depth + swell);
    context.beginPath();
    traceSurface(context, lane, scale);
    context.strokeStyle = withAlpha(palette.foam, 0.2 - index * 0.055);
    context.stroke();
    context.restore();
  }
};

/** What will be, if nothing changes: the tide that runs out. */
const drawForecast = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  level: number,
): void => {
  const expiresAt = lane.life.expiryAt(scale.now);
  if (expiresAt === null || expiresAt <= scale.now) return;
  const end = Math.min(expiresAt, scale.at(scale.width));
  const endY = levelY(scale, expiresAt - end, lane.maxTtlMs);
  const fade = context.createLinearGradient(scale.nowX, 0, scale.width, 0);
  fade.addColorStop(0, withAlpha(palette.waterMid, 0.34));
  fade.addColorStop(1, withAlpha(palette.waterMid, 0.04));
  context.fillStyle = fade;
  context.beginPath();
  context.moveTo(scale.nowX, level);
  context.lineTo(scale.x(end), endY);
  context.lineTo(scale.x(end), scale.waterBottom);
  context.lineTo(scale.nowX, scale.waterBottom);
  context.fill();
  context.setLineDash([2, 4]);
  context.strokeStyle = withAlpha(palette.foam, 0.65);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(scale.nowX, level);
  context.lineTo(scale.x(end), endY);
  context.stroke();
  context.setLineDash([]);
};

/**
 * Draw the water of one lane: its surface is the remaining life.
 *
 * @param swellMs - a clock for the swell, or null to hold it still
 */
export const drawTide = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  thresholds: Thresholds,
  swellMs: number | null,
): void => {
  context.fillStyle = palette.seabed;
  context.fillRect(0, scale.waterBottom, scale.width, scale.height - scale.waterBottom);
  context.beginPath();
  const surface = traceSurface(context, lane, scale);
  if (!surface) return;
  context.lineTo(scale.nowX, scale.waterBottom);
  context.lineTo(surface.startX, scale.waterBottom);
  context.closePath();
  const depth = context.createLinearGradient(0, scale.waterTop, 0, scale.waterBottom);
  depth.addColorStop(0, palette.waterTop);
  depth.addColorStop(0.42, palette.waterMid);
  depth.addColorStop(1, palette.waterDeep);
  context.fillStyle = depth;
  context.fill();
  context.save();
  context.clip();
  drawTrouble(context, lane, scale, palette, thresholds);
  drawContours(context, lane, scale, palette, swellMs);
  context.restore();
  drawForecast(context, lane, scale, palette, surface.endY);

  // Where there is no water left, there is no surface to draw
  context.save();
  context.beginPath();
  context.rect(0, 0, scale.width, scale.waterBottom - 0.5);
  context.clip();
  context.beginPath();
  traceSurface(context, lane, scale);
  context.strokeStyle = palette.foam;
  context.lineWidth = 1.6;
  context.lineJoin = 'round';
  context.stroke();
  context.restore();
  drawPresent(context, scale, palette);
  if (surface.endY > scale.waterBottom - 1) return;
  const swell = swellMs === null || surface.endY > scale.waterBottom - 3 ? 0 : Math.sin(swellMs / 640) * 1.1;
  drawBuoy(context, scale, palette, surface.endY + swell);
};

const drawPresent = (context: CanvasRenderingContext2D, scale: Scale, palette: Palette): void => {
  context.strokeStyle = withAlpha(palette.foam, 0.26);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(scale.nowX + 0.5, scale.scoreTop);
  context.lineTo(scale.nowX + 0.5, scale.waterBottom);
  context.stroke();
};

const drawBuoy = (context: CanvasRenderingContext2D, scale: Scale, palette: Palette, y: number): void => {
  context.fillStyle = palette.foam;
  context.strokeStyle = palette.background;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(scale.nowX, y, 4, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
};
