import { hazardBins, hazardEdges, type Survival } from './hazard.ts';
import type { AccessForecast } from './predictor.ts';

/** Edge at 24 h. */
export const dayBin = hazardEdges.indexOf(24);

/**
 * Bend a survival so that it meets a chance of the first hour and one of the first day: within the day the cumulative
 * hazard is scaled, after it the network's stands.
 */
export const bent = (survival: Survival, within1h: number, within24h: number): AccessForecast => {
  const cumulative = (p: number): number => -Math.log(Math.max(1e-12, 1 - p));
  const own = Array.from(survival, (it) => -Math.log(Math.max(1e-12, it)));
  const first = cumulative(within1h);
  const day = Math.max(cumulative(within24h), first);
  const stretch = (day - first) / Math.max(1e-9, own[dayBin]! - own[1]!);
  const result = new Float64Array(hazardBins + 1).fill(1);
  for (let edge = 1; edge <= hazardBins; edge++) {
    const hazard = edge <= dayBin ? first + stretch * (own[edge]! - own[1]!) : day + own[edge]! - own[dayBin]!;
    result[edge] = Math.exp(-hazard);
  }
  return { within1h, within24h: 1 - Math.exp(-day), survival: result };
};
