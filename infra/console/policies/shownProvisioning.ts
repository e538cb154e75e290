import { partsOfPair } from '../../../models/access/population.ts';
import { subjectOfPair } from '../../../operators/preprovision/decisionRecord.ts';
import type { Preparation, PreparationTally } from '../../../pipelines/preprovision/comparePreparations.ts';
import type { PreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import type { ProvisioningPreview } from '../../replay/preprovision/preview.ts';
import { becameOf, provisioningFigures, provisioningNotes } from '../../replay/preprovision/view.ts';
import type { PolicyDeed, PreparedView, PreviewView } from '../view/policy.ts';

const mostUsers = 60;
const minuteMs = 60_000;

const reasonOf = (preparation: Preparation, timeMs: number): string => {
  const likely = `${(100 * preparation.chance).toFixed(0)} % likely`;
  return preparation.withheld === '' ? `${likely}; ${becameOf(preparation, timeMs) ?? 'not ended yet'}` : likely;
};

const deedOf = (preparation: Preparation | null, timeMs: number): PolicyDeed | null =>
  preparation && {
    action: 'prepare',
    newTtlMs: preparation.untilMs - timeMs,
    newScope: '',
    withheld: preparation.withheld,
    reason: reasonOf(preparation, timeMs),
  };

const preparedOf = ({ prepared, hits, unusedMs }: PreparationTally): PreparedView => ({
  prepared,
  hits,
  unusedMinutes: unusedMs / minuteMs,
});

/** As much of a trial of a policy of pre-provisioning as a page shows. */
export const shownProvisioning = (
  preview: ProvisioningPreview,
  policies: { readonly draft: PreprovisionPolicy; readonly inForce: PreprovisionPolicy },
  { from, to }: { readonly from: number; readonly to: number },
): PreviewView => ({
  pipeline: 'preprovision',
  figures: provisioningFigures(preview),
  ...{ from, to, span: { from: preview.from, to: preview.to } },
  warnings: provisioningNotes(preview, policies),
  lives: [],
  users: [...preview.users]
    .sort((a, b) => b.differing - a.differing || b.visits - a.visits || (a.user < b.user ? -1 : 1))
    .slice(0, mostUsers)
    .map(({ draft, inForce, ...user }) => ({ ...user, draft: preparedOf(draft), inForce: preparedOf(inForce) })),
  differences: [...preview.differences].reverse().map(({ pair, timeMs, draft, inForce }) => ({
    subject: partsOfPair(pair).user,
    name: subjectOfPair(pair),
    at: timeMs,
    draft: deedOf(draft, timeMs),
    inForce: deedOf(inForce, timeMs),
  })),
  courses: [],
});
