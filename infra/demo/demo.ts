import { hostname } from 'node:os';
import { Subject } from 'rxjs';
import { EbbtideError } from '../../schemas/errors.ts';
import type { DemoPort } from '../console/ports.ts';
import type { DemoEvent } from '../console/view/protocol.ts';
import type { AppContext, Running } from '../context.ts';
import type { Places } from './credential.ts';
import { fleet, ownMember, takenOver } from './fleet.ts';
import { DemoFunction, type Rhythm } from './function.ts';
import { startOwnProcess } from './own-process.ts';
import { leadRows, Reel } from './reel.ts';
import { openTelemetry } from './telemetry.ts';

/** How the demonstration runs, milliseconds. */
export interface DemoOptions extends Rhythm {
  /** Between two rows of the recordings. */
  readonly sampleMs: number;
  /** Between two messages of one function. */
  readonly flushMs: number;
  /** From the start to the first recorded anomaly. */
  readonly takeOverMs: number;
  /** From one take-over to the next. */
  readonly takeOverEveryMs: number;
}

/** Recorded minutes pass in tenths of a second. */
export const demoOptions: DemoOptions = {
  sampleMs: 100,
  flushMs: 250,
  useMs: 1_000,
  lookMs: 3_000,
  restartMs: 20_000,
  takeOverMs: 25_000,
  takeOverEveryMs: 120_000,
};

/**
 * Run the fleet of the demonstration: real credentials, real telemetry of recorded machines, real requests to Vault.
 * What becomes of the credentials is decided by the pipelines alone.
 *
 * @param places - token service and Vault
 * @returns the fleet, with what its functions see and the buttons that act on them
 */
export const startDemo = async (
  context: AppContext,
  places: Places,
  options: DemoOptions = demoOptions,
): Promise<Running & DemoPort> => {
  const log = context.log.child({ component: 'demo' });
  const events = new Subject<DemoEvent>();
  const tell = (event: DemoEvent): void => events.next(event);
  const own = await startOwnProcess(context).catch((error: Error) => {
    log.warn({ err: error }, 'no process of this machine takes part');
    return undefined;
  });
  const functions = [
    ...fleet.map(
      (member) => new DemoFunction(member, new Reel(member.machine, member.startRow), places, options, tell),
    ),
    ...(own ? [new DemoFunction(ownMember, own, places, options, tell)] : []),
  ];
  const telemetry = await openTelemetry(context, hostname());
  await Promise.all(functions.map((one) => one.restart()));

  const start = Date.now();
  let played = 0;
  const play = (): void => {
    // Late timers are made up for, so that event time has no holes
    for (const due = Math.floor((Date.now() - start) / options.sampleMs); played < due; ) {
      played++;
      for (const one of functions) {
        const made = one.sample(start + played * options.sampleMs);
        if (made) telemetry.add(made.credentialId, made.sample);
      }
    }
  };
  const turn = async (one: DemoFunction): Promise<void> => {
    try {
      await one.turn();
    } catch (error) {
      log.warn({ err: error, function: one.member.function }, 'a function of the demonstration could not do its work');
    }
  };
  let taken = 0;
  const takeOver = (before = 0): void => {
    const name = takenOver[taken++ % takenOver.length];
    functions.find(({ member, isServed }) => member.function === name && isServed)?.misbehave(before);
  };
  const timers = [
    setInterval(play, options.sampleMs / 2),
    setInterval(() => void telemetry.flush(), options.flushMs),
    ...functions.map((one) => setInterval(() => void turn(one), options.useMs)),
    setTimeout(() => takeOver(leadRows), Math.max(0, options.takeOverMs - leadRows * options.sampleMs)),
    setInterval(() => takeOver(), options.takeOverEveryMs),
  ];
  const named = (credentialId: string): DemoFunction => {
    const found = functions.find((one) => one.held(credentialId));
    if (found) return found;
    throw new EbbtideError('NOT_FOUND', `No function of the demonstration holds credential ${credentialId}`, {
      credentialId,
    });
  };
  return {
    name: 'demo',
    events,
    misbehave: async (credentialId) => {
      const one = named(credentialId);
      if (one.credentialId !== credentialId)
        throw new EbbtideError(
          'REQUEST_INVALID',
          `Credential ${credentialId} has ended; its function holds another one now`,
          { credentialId },
        );
      one.misbehave();
    },
    behave: async (credentialId) => named(credentialId).behave(),
    health: async () => ({
      ready: true,
      detail: `${functions.filter(({ isServed }) => isServed).length} of ${functions.length} functions are served by Vault`,
    }),
    failed: new Promise<never>(() => {}),
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await telemetry.flush();
      await telemetry.close();
      await own?.close();
      events.complete();
    },
  };
};
