import type { TestContext } from 'node:test';
import type { RunningServers } from '../../../infra/cli/running.ts';
import type { Shell } from '../shell.ts';

/** The servers that all scenarios share: what "ebbtide up --demo" brought up. */
export interface Stack {
  readonly data: string;
  readonly servers: RunningServers;
  /** Root token of the embedded OpenBao. */
  readonly rootToken: string;
}

/** Where a scenario is run. */
export interface Stage extends Stack {
  /** A folder of the scenario's own, with `ebbtide.yaml`; what it serves is stopped at the scenario's end. */
  readonly shell: Shell;
  /** Write a file of that folder. */
  write(name: string, text: string | Buffer): void;
  readonly test: TestContext;
}

/** What a command must come to. */
export interface Expected {
  /** On standard output or standard error; both together. */
  readonly says: RegExp;
  /** Exit status; 0 when absent. */
  readonly status?: number;
  /** Options that a reader would leave out, and that make it short. */
  readonly adds?: string;
  /** Run again until it says so: what it tells of comes in while it is asked. */
  readonly awaited?: boolean;
  /** A server: started, asked for its health when it has said `says`, and stopped. */
  readonly serves?: boolean;
}

/** Commands of documents that are run one after the other in one folder. */
export interface Scenario {
  readonly title: string;
  /** What `ebbtide.yaml` says there, beside ports. */
  readonly config?: string;
  /** Programs without which it is skipped, with a word. */
  readonly tools?: readonly string[];
  /** Why it cannot be run here, or undefined; asked before anything is prepared. */
  readonly lacks?: () => Promise<string | undefined>;
  /** Makes files, and says what stands in place of what documents invent: names, addresses, ids. */
  readonly prepare?: (stage: Stage) => Promise<readonly (readonly [invented: string, real: string])[]>;
  /** Environment beside that of the stage. */
  readonly environment?: (stack: Stack) => NodeJS.ProcessEnv;
  /** Each command word for word as documents have it, and what it must come to. */
  readonly commands: Readonly<Record<string, RegExp | Expected>>;
}

/** A command with all that is expected of it. */
export const expectedOf = (expected: RegExp | Expected): Expected =>
  expected instanceof RegExp ? { says: expected } : expected;
