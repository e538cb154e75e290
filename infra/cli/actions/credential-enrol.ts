import { readFile } from 'node:fs/promises';
import { type DeliveryClientOptions, deliveryClient } from '../delivery-client.ts';
import { ensureIdentity, identityPath } from '../identity-file.ts';
import type { Action } from '../invocation.ts';

interface Options extends DeliveryClientOptions {
  readonly sshKey?: string;
}

/** Enrol a user's public key. */
export const run: Action<Options> = async ({ terminal, load }, options) => {
  const { config } = await load();
  const ask = await deliveryClient(config, options);
  const { recipient, path } = await ensureIdentity(identityPath(options.identity));
  const sshPublicKey = options.sshKey ? (await readFile(options.sshKey, 'utf8')).trim() : undefined;
  await ask('PUT', '/v1/keys', {
    recipient,
    ...(sshPublicKey ? { sshPublicKey } : {}),
  });
  if (terminal.json) return terminal.printJson({ recipient, identity: path });
  terminal.print(`Enrolled ${recipient}`);
  terminal.print(`What is sealed to it is opened by ${path}: keep that file, and give it to nobody`);
};
