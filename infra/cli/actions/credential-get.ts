import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { open } from '../../provision/sealing.ts';
import { type DeliveryClientOptions, deliveryClient } from '../delivery-client.ts';
import { identityPath, readIdentity } from '../identity-file.ts';
import type { Action } from '../invocation.ts';

interface Options extends DeliveryClientOptions {
  readonly out?: string;
}

interface Opened {
  readonly user: string;
  readonly vm: string;
  readonly method: string;
  readonly expiresAt: string;
  readonly credential: Readonly<Record<string, unknown>>;
}

/** Get a credential and write it to files; the secret itself is never printed. */
export const run: Action<Options, [string]> = async ({ terminal, load }, options, vm) => {
  const { config } = await load();
  const { identity, recipient } = await readIdentity(identityPath(options.identity));
  const ask = await deliveryClient(config, options);
  const answer = await ask(
    'POST',
    `/v1/credentials/${encodeURIComponent(vm)}`,
    { recipient },
    { 'idempotency-key': randomUUID() },
  );
  const opened = JSON.parse(await open(String(answer.sealed), identity)) as Opened;
  if (opened.vm !== vm)
    throw new EbbtideError('REQUEST_INVALID', `The credential is for ${opened.vm} and not for ${vm}; it is not used`, {
      vm,
    });
  const folder = options.out ?? join(homedir(), '.ssh', 'ebbtide');
  const files = await write(folder, opened);
  const { served } = answer;
  if (terminal.json)
    return terminal.printJson({ vm, method: opened.method, served, expiresAt: opened.expiresAt, files });
  for (const file of files) terminal.print(file);
  terminal.say(`Valid until ${opened.expiresAt} (${served})`);
  const key = files.find((file) => file === join(folder, vm));
  const certificate = files.find((file) => file.endsWith('-cert.pub'));
  if (key) terminal.say(`Log in with: ssh -i ${key} <account>@${vm}`);
  else if (certificate)
    terminal.say(`Log in with: ssh -i <your key> -o CertificateFile=${certificate} <account>@${vm}`);
};

/** OpenSSH finds a certificate beside its key by its name. */
const write = async (folder: string, { vm, method, credential }: Opened): Promise<string[]> => {
  const { privateKey, publicKey, certificate } = credential;
  const contents: readonly (readonly [name: string, content: unknown])[] =
    method === 'sshCertificate'
      ? [
          [vm, privateKey],
          [`${vm}.pub`, privateKey && publicKey],
          [`${vm}-cert.pub`, certificate],
        ]
      : [[`${vm}.json`, JSON.stringify(credential)]];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files: string[] = [];
  for (const [name, content] of contents) {
    if (content === undefined) continue;
    const path = join(folder, name);
    // Whole or not at all, and never for a moment readable by others
    await writeFile(`${path}.new`, `${String(content).trimEnd()}\n`, { mode: 0o600 });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path);
    files.push(path);
  }
  return files;
};
