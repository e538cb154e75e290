import type { Lane } from '../../../view/lane.ts';
import type { Moment } from '../../../view/protocol.ts';
import { type Palette, withAlpha } from './palette.ts';
import type { Scale } from './scale.ts';

/** What a mark shows. */
export type MarkKind = (typeof lifeChanges)[number] | 'unknown';
const lifeChanges = ['extend', 'shorten', 'revoke', 'restore'] as const;

/** The action of a moment. */
export const kindOf = ({ decision, effect }: Moment): MarkKind => {
  const action = decision?.action ?? effect?.action ?? 'unknown';
  return lifeChanges.find((kind) => kind === action) ?? 'unknown';
};

/** Filled marks took place; hollow ones were shadow, withheld, advisory, or have no answer yet. */
export const isApplied = ({ effect }: Moment): boolean => effect?.outcome === 'enforced';

/** Whether a moment changed no TTL: a renewal by its holder, or an extension of what is at its longest already. */
export const isTopUp = ({ decision, effect }: Moment): boolean =>
  decision ? decision.action === 'extend' && decision.newTtlMs === decision.oldTtlMs : effect?.action === 'extend';

const trace: Record<MarkKind, (context: CanvasRenderingContext2D, x: number, y: number, r: number) => void> = {
  extend: (context, x, y, r) => polygon(context, [x, y - r, x + r, y + r * 0.8, x - r, y + r * 0.8]),
  restore: (context, x, y, r) => polygon(context, [x, y - r, x + r, y, x, y + r, x - r, y]),
  shorten: (context, x, y, r) => polygon(context, [x, y + r, x + r, y - r * 0.8, x - r, y - r * 0.8]),
  revoke: (context, x, y, r) => {
    context.moveTo(x - r * 0.85, y - r * 0.85);
    context.lineTo(x + r * 0.85, y + r * 0.85);
    context.moveTo(x + r * 0.85, y - r * 0.85);
    context.lineTo(x - r * 0.85, y + r * 0.85);
  },
  unknown: (context, x, y, r) => context.arc(x, y, r * 0.6, 0, 2 * Math.PI),
};

const polygon = (context: CanvasRenderingContext2D, points: readonly number[]): void => {
  for (let index = 0; index < points.length; index += 2)
    if (index === 0) context.moveTo(points[0]!, points[1]!);
    else context.lineTo(points[index]!, points[index + 1]!);
  context.closePath();
};

/** Draw one mark with its centre at (x, y). */
export const drawMark = (
  context: CanvasRenderingContext2D,
  kind: MarkKind,
  applied: boolean,
  x: number,
  y: number,
  r: number,
  palette: Palette,
): void => {
  const colour = {
    extend: palette.extend,
    restore: palette.extend,
    shorten: palette.shorten,
    revoke: palette.revoke,
    unknown: palette.faint,
  }[kind];
  context.beginPath();
  trace[kind](context, x, y, r);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  context.strokeStyle = colour;
  context.fillStyle = colour;
  if (kind === 'revoke') {
    context.lineWidth = applied ? 2.6 : 1.2;
    context.stroke();
    if (!applied) {
      context.beginPath();
      context.arc(x, y, r * 1.25, 0, 2 * Math.PI);
      context.stroke();
    }
    return;
  }
  context.lineWidth = 1.2;
  if (applied) context.fill();
  context.stroke();
};

/** Marks of one lane, on its seabed; those too close to the one before them are drawn as ticks. */
export const drawMarks = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  scale: Scale,
  palette: Palette,
  chosen: Moment | null,
): void => {
  const y = (scale.waterBottom + scale.height) / 2;
  const r = scale.height < 100 ? 3.2 : 4.4;
  let lastX = Number.NEGATIVE_INFINITY;
  let lastKind: MarkKind | undefined;
  for (const moment of lane.moments) {
    const x = scale.x(moment.at);
    if (x < -10) continue;
    const kind = kindOf(moment);
    const crowded = x - lastX < 11 && (kind === lastKind || kind === 'extend');
    if (moment === chosen || kind === 'shorten' || kind === 'revoke') {
      const colour = kind === 'revoke' ? palette.revoke : kind === 'shorten' ? palette.shorten : palette.foam;
      context.strokeStyle = withAlpha(colour, moment === chosen ? 0.9 : 0.45);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(Math.round(x) + 0.5, scale.scoreTop);
      context.lineTo(Math.round(x) + 0.5, scale.waterBottom);
      context.stroke();
    }
    if ((crowded || isTopUp(moment)) && moment !== chosen) {
      context.fillStyle = withAlpha(
        kind === 'revoke' ? palette.revoke : kind === 'shorten' ? palette.shorten : palette.extend,
        0.55,
      );
      context.fillRect(x - 0.5, y - 2, 1, 4);
      continue;
    }
    drawMark(context, kind, isApplied(moment), x, y, moment === chosen ? r * 1.35 : r, palette);
    lastX = x;
    lastKind = kind;
  }
  if (lane.refused) drawRefusal(context, lane, lane.refused, scale, palette);
};

/** The request that Vault refused, in words on the dry ground where there is room. */
const drawRefusal = (
  context: CanvasRenderingContext2D,
  lane: Lane,
  { at, text }: { at: number; text: string },
  scale: Scale,
  palette: Palette,
): void => {
  const r = scale.height < 100 ? 3.6 : 4.8;
  // Beside the mark of the revocation, which is mostly less than a second older
  const x = Math.max(scale.x(at), scale.x(lane.life.expiryAt(at) ?? at) + 2 * r + 2);
  const y = scale.waterBottom - 2 * r;
  if (x < -10) return;
  context.strokeStyle = palette.revoke;
  context.lineWidth = 1.8;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.moveTo(x - r * 0.7, y - r * 0.7);
  context.lineTo(x + r * 0.7, y + r * 0.7);
  context.stroke();
  context.font = `500 12px ${palette.font}`;
  if (scale.height < 100 || x + 2 * r + context.measureText(text).width > scale.width) return;
  context.fillStyle = palette.revoke;
  context.textAlign = 'left';
  context.fillText(text, x + 2 * r, y + 4);
};
