import { loadSetup } from './load.ts';

/** One thing that Ebbtide needs or can use on a machine. */
export interface SetupCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Whether Ebbtide's defaults need it; what is not required serves tests and development. */
  readonly required: boolean;
  /** What is there, e.g. its version. */
  readonly found: string;
  /** How to get what is missing; absent when `ok`. */
  readonly remedy?: string;
}

/**
 * Look at Node, packages, the Kafka client's binary, OpenBao, the build, and the optional Docker, Java, Maven, Kafka and
 * Chromium.
 *
 * @example
 * const failed = (await runSetupChecks()).filter((check) => check.required && !check.ok);
 */
export const runSetupChecks = async (): Promise<SetupCheck[]> => {
  const { runChecks } = await loadSetup<{ runChecks(): Promise<SetupCheck[]> }>('checks.mjs');
  return runChecks();
};
