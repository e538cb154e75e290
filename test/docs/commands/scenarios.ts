import { archive } from './archive.ts';
import type { Scenario } from './scenario.ts';

/** All of them; those that take longest first. */
export const scenarios: readonly Scenario[] = [archive];
