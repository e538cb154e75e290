import { controlKey, controlRecord } from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import { type Pointer, type PointerOrder, pipelineOf } from './record.ts';

/**
 * A pointer as a record of topic `control`. Each has a key of its own, so that compaction keeps the chain and a replay
 * finds what was in force then; whoever writes the same pointer twice writes the same record.
 */
export const pointerRecord = ({ kind, sequence, champion, challenger, at, by, action, reason }: Pointer): Control => {
  const pipeline = pipelineOf[kind];
  const value: PointerOrder = { kind, sequence, champion, challenger };
  const record = controlRecord(
    { kind: 'model', pipeline, value, by, reason: reason === '' ? action : `${action}: ${reason}` },
    Date.parse(at),
  );
  return { ...record, key: `${controlKey('model', pipeline)}/${String(sequence).padStart(8, '0')}` };
};
