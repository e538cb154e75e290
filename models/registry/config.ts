import { z } from 'zod';

/** Where models are registered, and who may vouch for them; `models` in `ebbtide.yaml`. */
export const modelsConfigSchema = z.strictObject({
  registry: z
    .string()
    .min(1)
    .default('data')
    .describe(
      'Where models are registered: a folder, s3://bucket/prefix, or "data": the folder models/registry in the data folder',
    ),
  s3: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('URL of the S3-compatible server; else that of Amazon S3 in the region'),
      region: z.string().min(1).default('us-east-1').describe('Region of the bucket'),
      accessKeyIdFile: z
        .string()
        .optional()
        .describe('File that holds the access key id; else the environment variable AWS_ACCESS_KEY_ID'),
      secretAccessKeyFile: z
        .string()
        .optional()
        .describe('File that holds the secret access key; else the environment variable AWS_SECRET_ACCESS_KEY'),
      timeoutMs: z
        .int()
        .min(100)
        .max(600_000)
        .default(10_000)
        .describe('A request without an answer for this long is given up, milliseconds'),
    })
    .prefault({})
    .describe('How an s3:// registry is reached'),
  signingKeyFile: z
    .string()
    .optional()
    .describe(
      'File with the key that signs what is published: an Ed25519 private key in PEM, or a shared secret of 32 bytes and more',
    ),
  verifyKeyFile: z
    .string()
    .optional()
    .describe(
      'File with the key that every model must be signed with: an Ed25519 public key in PEM, or the shared secret. Unsigned models are refused then',
    ),
});

export type ModelsConfig = z.output<typeof modelsConfigSchema>;
