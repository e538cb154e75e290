import { z } from 'zod';

const text = z.string().min(1).max(8_192);

/** What a user logs in to Vault with; it is passed on and never kept. */
const material = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('userpass'), username: text.max(128), password: text }),
  z.strictObject({ method: z.literal('ldap'), username: text.max(128), password: text }),
  z.strictObject({ method: z.literal('jwt'), role: text.max(256), jwt: text }),
]);
/** Login material of a user. */
export type UserMaterial = z.output<typeof material>;

const keys = {
  recipient: text.max(128),
  sshPublicKey: text.max(2_048).optional(),
};

/** Body of `POST /v1/credentials/{vm}`; it may be absent. */
export const credentialRequest = z
  .strictObject({ auth: material.optional(), recipient: keys.recipient.optional(), sshPublicKey: keys.sshPublicKey })
  .default({});
/** Body of `PUT /v1/keys`. */
export const keysRequest = z.strictObject({
  ...keys,
  auth: material.optional(),
});
