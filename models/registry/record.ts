import { z } from 'zod';
import { isKeySegment } from './store.ts';

/** What is modelled; each kind has versions and a champion of its own. */
export const modelKinds = ['anomaly', 'scope', 'access', 'biometric'] as const;
export type ModelKind = (typeof modelKinds)[number];

/** Pipeline that a kind's champion scores for. */
export const pipelineOf: Readonly<Record<ModelKind, string>> = {
  anomaly: 'lifecycle',
  scope: 'scope',
  access: 'preprovision',
  biometric: 'keylife',
};

/** Name under which a version keeps the report of the retraining that made it, beside the files of its manifest. */
export const reportFile = 'report.json';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.string().refine(isKeySegment, 'must be letters, digits, dots, dashes and underscores');

const signatureSchema = z.strictObject({
  algorithm: z.enum(['ed25519', 'hmac-sha256']),
  keyId: z.string(),
  /** Base64. */
  value: z.string(),
});
export type Signature = z.infer<typeof signatureSchema>;

/** What makes a version one: where its files are, and who vouches for it. Once written it is never changed. */
export const versionRecordSchema = z.strictObject({
  kind: z.enum(modelKinds),
  version,
  publishedAt: z.string(),
  publishedBy: z.string(),
  /** SHA-256 of the manifest, which holds the hash of every other file. */
  digest,
  /** SHA-256 of each file by name, the manifest's and the report's among them. */
  files: z.record(z.string().refine(isKeySegment), digest),
  signature: signatureSchema.optional(),
});
export type VersionRecord = z.infer<typeof versionRecordSchema>;

const chosenSchema = z.strictObject({ version, digest });
/** A version and the hash of its manifest, so that what is in force cannot be exchanged behind its name. */
export type Chosen = z.infer<typeof chosenSchema>;

/** What a record of topic `control` orders; see {@link pointerSchema}. */
export const pointerOrderSchema = z.strictObject({
  kind: z.enum(modelKinds),
  /** 1 and up; the largest is in force. */
  sequence: z.int().min(1),
  champion: chosenSchema,
  challenger: chosenSchema.nullable(),
});
export type PointerOrder = z.infer<typeof pointerOrderSchema>;

/** Who is champion and challenger from some place on, and why. Pointers form a chain that is only added to. */
export const pointerSchema = pointerOrderSchema.extend({
  action: z.enum(['adopt', 'promote', 'rollback', 'challenge']),
  /** Sequence of the pointer that a rollback goes back to, 0 for none. */
  base: z.int().min(0),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
});
export type Pointer = z.infer<typeof pointerSchema>;
