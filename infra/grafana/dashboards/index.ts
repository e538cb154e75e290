import type { Board } from '../board.ts';
import { credentials } from './credentials.ts';
import { fleet } from './fleet.ts';
import { keylife } from './keylife.ts';
import { models } from './models.ts';
import { preprovision } from './preprovision.ts';
import { processes } from './processes.ts';
import { records } from './records.ts';
import { scope } from './scope.ts';
import { subject } from './subject.ts';

/** Every dashboard over the archive. */
export const archiveBoards: readonly Board[] = [
  fleet,
  subject,
  credentials,
  scope,
  preprovision,
  keylife,
  models,
  records,
];

/** Every dashboard. */
export const boards: readonly Board[] = [...archiveBoards, processes];
