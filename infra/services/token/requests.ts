import { z } from 'zod';

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
    'expected 1 to 128 letters, digits, dots, colons, dashes or underscores',
  );
const text = z.string().min(1).max(8_192);

/** What a caller logs in to Vault with; it is passed on and never kept. */
const material = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('approle'), roleId: text, secretId: text }),
  z.strictObject({ method: z.literal('jwt'), role: text.max(256), jwt: text }),
  z.strictObject({ method: z.literal('kubernetes'), role: text.max(256), jwt: text }),
]);
/** Login material. */
export type LoginMaterial = z.output<typeof material>;

/** Body of `POST /v1/credentials`. */
export const issueRequest = z.strictObject({
  event: z.string().min(1).max(256),
  function: name,
  instance: name,
  role: name.default('default'),
  auth: material.optional(),
});
/** A validated {@link issueRequest}. */
export type IssueRequest = z.output<typeof issueRequest>;

/** Body of the requests about one credential; it may be absent. */
export const holderRequest = z.strictObject({ auth: material.optional() }).default({});
