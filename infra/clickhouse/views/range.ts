/** Points of a series. */
const points = 60;
const fiveMinutesMs = 300_000;

/** Parameters `from`, `to` and `step` (milliseconds, whole five minutes as rollups have) of a query over a range. */
export const rangeOf = (fromMs: number, toMs: number) => ({
  from: new Date(fromMs),
  to: new Date(toMs),
  step: Math.max(1, Math.ceil((toMs - fromMs) / points / fiveMinutesMs)) * fiveMinutesMs,
});

/** A column's time cut to steps, epoch milliseconds. */
export const stepOf = (column: string): string =>
  `intDiv(toUnixTimestamp64Milli(toDateTime64(${column}, 3, 'UTC')), {step:Int64}) * {step:Int64}`;

/** A column within the range; rollups' times begin up to an hour earlier. */
export const within = (column: string, cut: '' | 'toStartOfFiveMinutes' | 'toStartOfHour' = ''): string =>
  `${column} >= ${cut}({from:DateTime64(3)}) AND ${column} < {to:DateTime64(3)}`;
