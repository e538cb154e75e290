import { connect, Subject, zip } from 'rxjs';
import type { Calendar } from '../../models/access/calendar.ts';
import { partsOfPair } from '../../models/access/population.ts';
import { onlyModel } from '../../operators/modelChoice.ts';
import type {
  AccessBatch,
  AccessItem,
  PreprovisionBatch,
  PreprovisionDecision,
} from '../../operators/preprovision/batch.ts';
import { decidePreprovision } from '../../operators/preprovision/decidePreprovision.ts';
import { foreseeHours, type HourlyPredictor } from '../../operators/preprovision/foreseeHours.ts';
import { PreprovisionState } from '../../operators/preprovision/partitionState.ts';
import type { UserStanding } from '../../operators/preprovision/riskGate.ts';
import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';

/** What to replay accesses with. */
export interface AccessReplayOptions {
  readonly calendar: Calendar;
  /** Hours since 1970 of the hour that is open at first. */
  readonly firstHour: number;
  readonly model: HourlyPredictor;
  /** Policies that decide beside each other, each with what it alone has prepared and spent. */
  readonly policies: readonly PreprovisionPolicy[];
  /** What else is known of a user at the beginning of an hour, epoch milliseconds. */
  standing(pair: string, timeMs: number): UserStanding;
}

/** What came of an hour, or of a part of one. */
export interface HourOutcome {
  /** Pairs of a user and a machine that came, in their order. */
  readonly came: readonly { readonly pair: string; readonly timeMs: number }[];
  /** What was decided, policy by policy. */
  readonly decisions: readonly (readonly PreprovisionDecision[])[];
}

/**
 * Sends accesses of the past through the operators of the preprovision pipeline, as one partition would have them, in event
 * time. What is foreseen does not depend on the policy, so that it is foreseen once and decided upon by each of several policies.
 * Nothing is written anywhere.
 *
 * @example
 * const replay = new AccessReplay({ calendar, firstHour, model, policies: [draft, inForce], standing });
 * for (const [hour, items] of hours) note(await replay.take(hour * hourMs, items));
 */
export class AccessReplay {
  readonly #input = new Subject<AccessBatch>();
  #settle: ((batches: readonly PreprovisionBatch[]) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor({ calendar, firstHour, model, policies, standing }: AccessReplayOptions) {
    const fresh = () => new PreprovisionState(calendar, firstHour, model.carried, model.version);
    this.#input
      .pipe(
        foreseeHours(fresh(), onlyModel(model)),
        connect((due) =>
          zip(policies.map((policy) => due.pipe(decidePreprovision(fresh(), { policy: () => policy, standing })))),
        ),
      )
      .subscribe({ next: (batches) => this.#settle?.(batches), error: (error) => this.#fail?.(error) });
  }

  /**
   * Let time pass, and take in what happened then.
   *
   * @param timeMs - epoch milliseconds, never before the last one
   * @param items - of its hour, in order of time
   */
  async take(timeMs: number, items: readonly AccessItem[]): Promise<HourOutcome> {
    const clock = { time: timeMs, controlOffset: 0, scoresOffset: 0, modelSequence: 0 };
    const batches = await new Promise<readonly PreprovisionBatch[]>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#input.next({
        source: { messages: [], replayBefore: 0 },
        items: [{ kind: 'clock', clock }, ...items],
        rejected: [],
      });
    });
    return {
      came: batches[0]!.due.flatMap((item) =>
        item.kind === 'came' && partsOfPair(item.pair).vm !== null ? [{ pair: item.pair, timeMs: item.timeMs }] : [],
      ),
      decisions: batches.map(({ decisions }) => decisions),
    };
  }
}
