import type { Detector } from './detector.ts';
import { ridgeForecast } from './jointForecast.ts';
import { type FitForecast, type MultivariateParts, watchMany } from './multivariate.ts';
import { type JointWeights, networkForecast } from './networks/joint.ts';
import { networkForecastOne, type SingleWeights } from './networks/single.ts';
import { readNetwork } from './networks/stored.ts';
import { type UnivariateParts, watchOne } from './univariate.ts';

let joint: JointWeights | undefined;
let single: SingleWeights | undefined;

const singleNetwork = () => {
  single ??= readNetwork<SingleWeights>('single');
  return networkForecastOne(single);
};

/** The network that ships knows the metrics of its data set alone; rows of another width go without. */
const jointNetworks = (metrics: number): FitForecast[] => {
  joint ??= readNetwork<JointWeights>('joint');
  const weights = joint;
  return metrics === weights.inputs ? [() => networkForecast(weights)] : [];
};

/** One detector for both kinds of series: of one metric, and of several with rows to learn from. */
const forBoth = (summary: string, one: UnivariateParts, many: (metrics: number) => MultivariateParts): Detector => ({
  summary,
  begin: (series, learning) =>
    learning ? watchMany(series.metrics, learning, many(series.metrics)) : watchOne(series, one),
});

const evidence = { level: true, days: true, residual: true } as const;

/** Everything that helps. */
export const ebbtide = forBoth(
  'statistics and the LSTM, joined',
  { ...evidence, network: singleNetwork },
  (metrics) => ({ principal: true, forecasts: [ridgeForecast, ...jointNetworks(metrics)] }),
);

/** The same without the LSTM. */
export const statistics = forBoth(
  'level, days before and linear forecast; of many metrics principal components and linear forecasts',
  evidence,
  () => ({ principal: true, forecasts: [ridgeForecast] }),
);

/** The LSTM's forecast alone; of rows that its network does not know, the linear one. */
export const lstm = forBoth(
  'the LSTM’s forecast alone',
  { level: false, days: false, residual: false, network: singleNetwork },
  (metrics) => {
    const networks = jointNetworks(metrics);
    return { principal: false, forecasts: networks.length > 0 ? networks : [ridgeForecast] };
  },
);

/** The linear forecast alone. */
export const linear = forBoth('the linear forecast alone', { level: false, days: false, residual: true }, () => ({
  principal: false,
  forecasts: [ridgeForecast],
}));

/** No forecast at all. */
export const withoutForecast = forBoth(
  'level and days before; of many metrics principal components alone',
  { level: true, days: true, residual: false },
  () => ({ principal: true, forecasts: [] }),
);
