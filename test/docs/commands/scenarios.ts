import { access } from './access.ts';
import { alerts } from './alerts.ts';
import { archive } from './archive.ts';
import { biometric } from './biometric.ts';
import { control } from './control.ts';
import { credentials } from './credentials.ts';
import { deployment } from './deployment.ts';
import { evaluation } from './evaluation.ts';
import { keyhost } from './keyhost.ts';
import { kubernetes } from './kubernetes.ts';
import { models } from './models.ts';
import { people } from './people.ts';
import { agent, pipelines, services } from './processes.ts';
import { provisioning } from './provisioning.ts';
import { replay } from './replay.ts';
import type { Scenario } from './scenario.ts';
import { scope } from './scope.ts';
import { signals } from './signals.ts';
import { systemd } from './systemd.ts';
import { up } from './up.ts';

/** Several at a time; those that take longest first. */
export const scenarios: readonly Scenario[] = [
  models,
  scope,
  access,
  pipelines,
  services,
  up,
  evaluation,
  biometric,
  deployment,
  archive,
  replay,
  credentials,
  keyhost,
  provisioning,
  signals,
  alerts,
  agent,
  people,
  kubernetes,
  systemd,
];

/** One after the other, when all others have ended. */
export const lastScenarios: readonly Scenario[] = [control];
