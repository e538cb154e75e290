import { anchorFollower } from './anchor.ts';
import { createJointDistance } from './joint.ts';
import type { AnomalyParameters } from './parameters.ts';
import { type StateLayout, streams, timeUnit } from './state.ts';

/** Windows after which a baseline is no longer young, for the network's input. */
const youthWindows = 8;

/** Features are logarithms: anything beyond this, like anything that is no number, counts as missing. */
const largestFeature = 1e4;

/** Silence counts as at most this many windows. */
const longestSilence = 10_000;

/** What one window of one subject came to. The tracker reuses the object. */
export interface Observation {
  /** Windows of the subject before this one. */
  seen: number;
  /** Windows of time since the one before, 1 without a gap. */
  elapsed: number;
  /** Metrics of this window whose baseline is old enough to judge. */
  judged: number;
  /** Energy of the forecast's residuals and of the level, before smoothing; 1 is about normal. */
  residualEnergy: number;
  levelEnergy: number;
  /** Largest distance of a metric above its anchor, in limits: above 1 it has strayed. */
  strayed: number;
  /** The metric that it is of, by place; -1 for none. */
  strayedMetric: number;
}

/** Follows subjects window by window: normalises, compares with the forecast, smooths, learns the baseline. */
export interface Tracker {
  /**
   * Take one window of one subject.
   *
   * @param vector where features are read, from `vectorOffset`
   * @param states where the subject's state lies, from `stateOffset`; updated, but for what the network carries
   * @param timeMs end of the window, epoch milliseconds
   * @param input receives the network's input, from `inputOffset`
   * @param weights receives each feature's part in the statistic, from `weightOffset`
   * @param expected receives what was expected of each feature, from `weightOffset`, on the scale of the vector
   * @returns what it came to; valid until the next call
   */
  observe(
    vector: Float32Array,
    vectorOffset: number,
    states: Float32Array,
    stateOffset: number,
    timeMs: number,
    input: Float32Array,
    inputOffset: number,
    weights: Float32Array,
    weightOffset: number,
    expected?: Float32Array,
  ): Observation;
}

/**
 * Make a tracker. It holds no state of subjects, only scratch space.
 *
 * @param featureCount size of the feature vector
 * @param metricCount metrics; features of one metric lie side by side
 * @param energies mean energies of benign windows, residual and level: what smoothing starts from and decays to
 * @param windowMs length of a window, ms; 0 to take the shortest distance seen of each subject
 */
export const createTracker = (
  featureCount: number,
  metricCount: number,
  layout: StateLayout,
  parameters: AnomalyParameters,
  energies: { residual: number; level: number },
  windowMs = 0,
): Tracker => {
  const { clip, winsor, residualClip, deviationFloor, priorDeviation, priorWindows, minSeen } = parameters;
  const { baselineWindows, anomalousRate, fastRate, slowRate, slowestRate } = parameters;
  const { usualWindows, usualCap, usualFloor } = parameters;
  const longestMemory = Math.max(baselineWindows, parameters.jointMemory);
  const joint = createJointDistance(metricCount, layout, parameters);
  const ofMetric = new Float64Array(metricCount);
  const perMetric = featureCount / metricCount;
  const followAnchor = anchorFollower(layout, parameters);
  const observation: Observation = {
    seen: 0,
    elapsed: 1,
    judged: 0,
    residualEnergy: 0,
    levelEnergy: 0,
    strayed: 0,
    strayedMetric: -1,
  };
  const rates = [fastRate, slowRate, slowestRate, fastRate, slowRate, slowestRate];

  const smooth = (smoothed: number, rate: number, value: number, elapsed: number): number => {
    // Silence is no evidence: what was smoothed fades to normal (1) with time, and one window weighs as one window.
    const faded = elapsed > 1 ? 1 + (smoothed - 1) * (1 - rate) ** (elapsed - 1) : smoothed;
    return faded + rate * (value - faded);
  };

  /** An energy as a multiple of what is usual for the subject, which is then learned: some are restless by nature. */
  const relative = (states: Float32Array, at: number, energy: number, seen: number, rate: number): number => {
    const usual = seen === 0 ? 1 : states[at]!;
    states[at] = usual + rate * (Math.min(energy, usualCap * usual) - usual);
    return energy / Math.max(usual, usualFloor);
  };

  return {
    observe(vector, vectorOffset, states, stateOffset, timeMs, input, inputOffset, weights, weightOffset, expected) {
      const seen = states[stateOffset + layout.seen]!;
      let elapsed = 1;
      if (seen > 0) {
        const last = states[stateOffset + layout.timeHigh]! * timeUnit + states[stateOffset + layout.timeLow]!;
        const gap = timeMs - last;
        let cadence = windowMs > 0 ? windowMs : states[stateOffset + layout.cadence]!;
        if (gap > 0 && (cadence === 0 || gap < cadence)) cadence = windowMs > 0 ? cadence : gap;
        states[stateOffset + layout.cadence] = cadence;
        if (gap > cadence && cadence > 0) elapsed = Math.min(gap / cadence, longestSilence);
      }
      const timeHigh = Math.floor(timeMs / timeUnit);
      states[stateOffset + layout.timeHigh] = timeHigh;
      states[stateOffset + layout.timeLow] = timeMs - timeHigh * timeUnit;

      const learning = seen < parameters.minHistory;
      const caution = !learning && states[stateOffset + layout.deviating] === 1 ? anomalousRate : 1;
      let residualSum = 0;
      let judged = 0;
      let strayed = 0;
      let strayedMetric = -1;
      const usual = stateOffset + layout.usual;
      const residualUnit = energies.residual * Math.max(seen === 0 ? 1 : states[usual]!, usualFloor);
      const levelUnit = energies.level * Math.max(seen === 0 ? 1 : states[usual + 1]!, usualFloor);
      for (let metric = 0; metric < metricCount; metric++) {
        const first = metric * perMetric;
        let present = true;
        for (let feature = first; feature < first + perMetric; feature++)
          if (!(Math.abs(vector[vectorOffset + feature]!) <= largestFeature)) present = false;
        input[inputOffset + featureCount + metric] = present ? 1 : 0;
        if (!present) {
          for (let feature = first; feature < first + perMetric; feature++) {
            input[inputOffset + feature] = 0;
            weights[weightOffset + feature] = 0;
            if (expected) expected[weightOffset + feature] = Number.NaN;
          }
          continue;
        }
        const seenAt = stateOffset + layout.metricSeen + metric;
        const metricSeen = states[seenAt]!;
        const away = followAnchor(states, stateOffset, metric, vector[vectorOffset + first]!);
        if (away > strayed) {
          strayed = away;
          strayedMetric = metric;
        }
        const judge = metricSeen >= minSeen;
        if (judge) judged++;
        joint.take(states, stateOffset, metric, vector[vectorOffset + first]!, judge);
        const meanRate = caution / Math.min(metricSeen + 1, baselineWindows);
        const deviationRate = caution / Math.min(metricSeen + 1 + priorWindows, baselineWindows);
        for (let feature = first; feature < first + perMetric; feature++) {
          const value = vector[vectorOffset + feature]!;
          const meanAt = stateOffset + layout.mean + feature;
          const deviationAt = stateOffset + layout.deviation + feature;
          const mean = metricSeen === 0 ? value : states[meanAt]!;
          const deviation = metricSeen === 0 ? priorDeviation : states[deviationAt]!;
          const scale = Math.max(deviation, deviationFloor);
          const distance = value - mean;
          let x = distance / scale;
          if (x > clip) x = clip;
          else if (x < -clip) x = -clip;
          input[inputOffset + feature] = x;
          let weight = 0;
          let expectedX = 0;
          if (judge) {
            const forecast = states[stateOffset + layout.forecast + feature]!;
            let residual = (x - forecast) * states[stateOffset + layout.inverseScale + feature]!;
            if (residual > residualClip) residual = residualClip;
            else if (residual < -residualClip) residual = -residualClip;
            residualSum += residual * residual;
            const ofResidual = (residual * residual) / residualUnit;
            weight = ofResidual;
            if (residual * residual > x * x) expectedX = forecast;
          }
          if (expected) expected[weightOffset + feature] = mean + expectedX * scale;
          weights[weightOffset + feature] = weight;
          const limit = metricSeen < minSeen ? Number.POSITIVE_INFINITY : winsor * scale;
          const learned = Math.min(limit, Math.max(-limit, distance));
          states[meanAt] = mean + meanRate * learned;
          const variance = deviation * deviation;
          states[deviationAt] = Math.sqrt(variance + deviationRate * (learned * learned - variance));
        }
      }
      const levelSum = joint.settle(states, stateOffset, caution, ofMetric);
      for (let metric = 0; metric < metricCount; metric++) {
        if (input[inputOffset + featureCount + metric] !== 1) continue;
        weights[weightOffset + metric * perMetric]! += (perMetric * ofMetric[metric]!) / levelUnit;
        const seenAt = stateOffset + layout.metricSeen + metric;
        if (states[seenAt]! < longestMemory) states[seenAt] = states[seenAt]! + 1;
      }
      input[inputOffset + featureCount + metricCount] = 1 / Math.sqrt(1 + seen / youthWindows);

      const judgedFeatures = judged * perMetric;
      observation.seen = seen;
      observation.elapsed = elapsed;
      observation.judged = judged;
      observation.strayed = strayed;
      observation.strayedMetric = strayedMetric;
      observation.residualEnergy = judged > 0 ? residualSum / judgedFeatures : energies.residual;
      observation.levelEnergy = judged > 0 ? levelSum / judged : energies.level;
      for (let feature = 0; feature < featureCount; feature++) {
        const now = judged > 0 ? weights[weightOffset + feature]! / judgedFeatures : 0;
        const at = stateOffset + layout.parts + feature;
        const faded = elapsed > 1 ? states[at]! * (1 - slowRate) ** (elapsed - 1) : states[at]!;
        const slow = faded + slowRate * (now - faded);
        states[at] = slow;
        weights[weightOffset + feature] = fastRate * now + slow;
      }
      const usualRate = judged > 0 ? caution / Math.min(seen + usualWindows, baselineWindows) : 0;
      const residual = relative(states, usual, observation.residualEnergy / energies.residual, seen, usualRate);
      const level = relative(states, usual + 1, observation.levelEnergy / energies.level, seen, usualRate);
      for (let stream = 0; stream < streams; stream++) {
        const at = stateOffset + layout.smoothed + stream;
        states[at] = smooth(
          seen === 0 ? 1 : states[at]!,
          rates[stream]!,
          stream < streams / 2 ? residual : level,
          elapsed,
        );
      }
      states[stateOffset + layout.seen] = seen < 65_536 ? seen + 1 : seen;
      return observation;
    },
  };
};
