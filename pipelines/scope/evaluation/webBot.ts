import { areaUnderRoc, rocOf } from '../../../models/evaluation/auc.ts';
import { type Evaluation, type Evaluator, mean, round4 } from '../../../models/evaluation/evaluation.ts';
import { readWebSessions, type Visitor } from '../../../models/evaluation/webBotData.ts';
import type { ScopeParts } from '../../../models/scope/head.ts';
import { sequenceOf } from '../../../models/scope/sequences.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { parseScopePolicy } from '../../../schemas/scopePolicy.ts';
import { scopeDetectors } from './detectors.ts';
import { replaySession, type SessionOutcome } from './replaySession.ts';
import { reliabilityOf, restrictionTable, riskTimelines } from './report.ts';

/** Sessions that the costly parts of training leave out together. */
const groups = 10;

const bots = ['moderate', 'advanced'] as const;

/**
 * People and bots on a web service: each session is a frontend credential, and goes through the scope pipeline's own
 * chain with a model that never saw it.
 *
 * The linear part is trained on all other sessions (leave one out). The LSTM, the weights that join both, and the
 * calibration are trained without the session's tenth, which is stricter and ten times cheaper.
 */
export const evaluateWebBot: Evaluator = async ({ folder, detectors: names, onProgress, signal }) => {
  const chosen = names.map((name) => {
    const detector = scopeDetectors[name];
    if (!detector)
      throw new EbbtideError(
        'REQUEST_INVALID',
        `No detector is named ${name}; there are ${Object.keys(scopeDetectors).join(', ')}`,
      );
    return [name, detector] as const;
  });
  const policy = parseScopePolicy({ mode: 'enforce' });
  const sessions = readWebSessions(folder);
  const sequences = sessions.map(({ id, visitor, calls }) =>
    sequenceOf(id, visitor !== 'human', calls, policy.windowMs),
  );
  const total = chosen.length * sessions.length;
  let done = 0;
  const results: { name: string; outcomes: SessionOutcome[] }[] = [];
  for (const [name, detector] of chosen) {
    const outcomes: SessionOutcome[] = new Array(sessions.length);
    for (let group = 0; group < groups; group++) {
      let parts: ScopeParts | undefined;
      if (detector.train)
        parts = await detector.train(
          sequences.filter((_, i) => i % groups !== group),
          signal,
        );
      for (let i = group; i < sessions.length; i += groups) {
        if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
        onProgress(done++, total, `${name} on session ${i + 1}`);
        const others = sequences.filter((_, j) => j !== i);
        const model = await detector.model(parts, others);
        outcomes[i] = await replaySession(sessions[i]!, model, policy);
        await model.close();
        await new Promise(setImmediate);
      }
    }
    results.push({ name, outcomes });
  }
  onProgress(1, 1, 'scored');
  const of = (outcomes: readonly SessionOutcome[], visitor: Visitor) =>
    outcomes.filter(({ session }) => session.visitor === visitor);
  const statistics = (outcomes: readonly SessionOutcome[], visitor: Visitor) =>
    of(outcomes, visitor).map(({ statistic }) => statistic);
  const auc = (outcomes: readonly SessionOutcome[], bot: Visitor) =>
    areaUnderRoc(statistics(outcomes, bot), statistics(outcomes, 'human'));
  const restricted = (outcomes: readonly SessionOutcome[], visitor: Visitor) =>
    mean(of(outcomes, visitor).map(({ narrowed }) => (narrowed.length > 0 ? 1 : 0)));
  const first = results[0]!;
  const named = (name: string) => results.find((it) => it.name === name)?.outcomes;
  const beside = named('withoutCaching');
  const figures: Evaluation['figures'] = {
    aucModerate: round4(auc(first.outcomes, 'moderate')),
    aucAdvanced: round4(auc(first.outcomes, 'advanced')),
    falseRestrictionRate: round4(restricted(first.outcomes, 'human')),
    restrictedModerate: round4(restricted(first.outcomes, 'moderate')),
    restrictedAdvanced: round4(restricted(first.outcomes, 'advanced')),
    ...(beside
      ? {
          aucModerateWithoutCaching: round4(auc(beside, 'moderate')),
          aucAdvancedWithoutCaching: round4(auc(beside, 'advanced')),
        }
      : {}),
  };
  return {
    name: 'scope-web-bot',
    title: 'People and bots on a web service, each session judged by a model that never saw it',
    figures,
    tables: [
      {
        title: 'Detectors',
        headings: [
          'detector',
          'AUC moderate',
          'AUC advanced',
          'people restricted',
          'moderate restricted',
          'advanced restricted',
          'what it is',
        ],
        rows: results.map(({ name, outcomes }) => [
          name,
          auc(outcomes, 'moderate').toFixed(3),
          auc(outcomes, 'advanced').toFixed(3),
          ...(['human', ...bots] as const).map((visitor) => `${(100 * restricted(outcomes, visitor)).toFixed(1)} %`),
          scopeDetectors[name]!.summary,
        ]),
        note: `Ranked by the statistic of each session's last window. ${of(first.outcomes, 'human').length} people, ${of(first.outcomes, 'moderate').length} moderate and ${of(first.outcomes, 'advanced').length} advanced bots.`,
      },
      restrictionTable(first.outcomes, policy),
      reliabilityOf(first.outcomes),
    ],
    plots: bots.map((bot) => ({
      title: `ROC, ${bot} bots against people`,
      x: 'people above',
      y: 'bots above',
      diagonal: true,
      curves: results.map(({ name, outcomes }) => ({
        name,
        points: rocOf(statistics(outcomes, bot), statistics(outcomes, 'human')),
      })),
    })),
    timelines: riskTimelines(first.outcomes),
    notes: [
      'Features that caching may have made say how a client was built: the figure without them stands beside. How often scripts of a page report says that too; the row walk knows nothing but which pages were opened when.',
      'A session is restricted once its scope is narrowed, by the default policy in enforce mode.',
    ],
  };
};
