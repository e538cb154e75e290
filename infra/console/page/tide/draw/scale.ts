/** Where things lie in a lane, in CSS pixels. */
export interface Scale {
  readonly width: number;
  readonly height: number;
  /** Where the present is; right of it lies what will be if nothing changes. */
  readonly nowX: number;
  readonly now: number;
  readonly spanMs: number;
  readonly scoreTop: number;
  readonly scoreBottom: number;
  readonly waterTop: number;
  readonly waterBottom: number;
  readonly x: (at: number) => number;
  readonly at: (x: number) => number;
}

/** Width of the part that shows the future. */
export const forecastWidth = (width: number): number => Math.round(Math.min(132, Math.max(36, width * 0.13)));

/** The geometry of one lane. */
export const scaleOf = (width: number, height: number, now: number, spanMs: number): Scale => {
  const nowX = width - forecastWidth(width);
  const perMs = nowX / spanMs;
  const compact = height < 100;
  const scoreTop = 6;
  const scoreBottom = compact ? 21 : 38;
  return {
    width,
    height,
    nowX,
    now,
    spanMs,
    scoreTop,
    scoreBottom,
    waterTop: scoreBottom + (compact ? 5 : 9),
    waterBottom: height - (compact ? 13 : 18),
    x: (at) => nowX - (now - at) * perMs,
    at: (x) => now - (nowX - x) / perMs,
  };
};
