import { guarded } from '../../models/access/guarded.ts';
import type { AccessPredictor } from '../../models/access/predictor.ts';
import { statisticalPredictor } from '../../models/access/statistics.ts';
import { loadAccessModel } from '../../models/access/stored.ts';
import type { ModelSource } from '../../models/manifest.ts';
import { builtIn, isBuiltIn } from '../../models/registry/builtIn.ts';
import type { ModelChoice } from '../../operators/modelChoice.ts';
import type { HourlyPredictor } from '../../operators/preprovision/foreseeHours.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ModelPool, PooledModel } from './modelPool.ts';

/** A model at work: guarded by the statistics, which have everybody's habits as prior. */
export interface AccessInForce extends HourlyPredictor, PooledModel {
  /** IANA name of the zone whose calendar it goes by. */
  readonly zone: string;
  readonly predictor: ReturnType<typeof guarded>;
}

const inForce = (model: AccessPredictor, version: string, zone: string): AccessInForce => {
  const predictor = guarded(model, statisticalPredictor);
  return {
    ...{ version, zone, predictor, carried: predictor.carried },
    forecast: (population, pairs) => predictor.forecast(population, pairs),
    close: () => predictor.close(),
  };
};

/** The statistics, which need no training. */
export const statistics = (zone: string): AccessInForce => inForce(statisticalPredictor, builtIn.access!.version, zone);

/** Load a model that is to go by a calendar. @throws EbbtideError MODEL_INCOMPATIBLE for one of another zone */
export const loadForZone = async (place: string | ModelSource, zone?: string): Promise<AccessInForce> => {
  const { model, manifest } = await loadAccessModel(place);
  const loaded = inForce(model, manifest.version, manifest.zone);
  if (zone === undefined || zone === manifest.zone) return loaded;
  await loaded.close();
  throw new EbbtideError(
    'MODEL_INCOMPATIBLE',
    `Access model ${manifest.version} goes by the calendar of ${manifest.zone}, this job by that of ${zone}; train it with --zone ${zone}`,
    { version: manifest.version },
  );
};

/** Version as the changelog and decisions have it: none for the statistics. */
export const recorded = (version: string): string => (isBuiltIn('access', version) ? '' : version);

/** A model as the chain sees it. */
export const asRecorded = ({ version, carried, predictor }: AccessInForce): HourlyPredictor => ({
  version: recorded(version),
  carried,
  forecast: predictor.forecast,
});

/** The models as the chain sees them. */
export const recordedChoice = (pool: ModelPool<AccessInForce>): ModelChoice<HourlyPredictor> => ({
  inForce(joined) {
    const { champion, challenger } = pool.inForce(joined);
    return {
      champion: asRecorded(champion),
      ...(challenger ? { challenger: { ...asRecorded(challenger), version: challenger.version } } : {}),
    };
  },
  challengerFailed: (version, error) => pool.challengerFailed(version, error),
});
