import { EbbtideError } from '../../../schemas/errors.ts';
import { type AdoptReference, adoptCredential } from '../../services/token/adopt.ts';
import { Registrar } from '../../services/token/registrar.ts';
import { VaultClient } from '../../vault/client.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { vaultOf } from '../vault-login.ts';

interface Options {
  readonly accessor?: string;
  readonly lease?: string;
  readonly serial?: string;
  readonly mount: string;
  readonly id?: string;
  readonly function: string;
  readonly instance: string;
  /** Milliseconds. */
  readonly maxTtl?: number;
}

const referenceOf = ({ accessor, lease, serial, mount }: Options): AdoptReference => {
  if (accessor !== undefined) return { accessor };
  if (lease !== undefined) return { leaseId: lease };
  if (serial !== undefined) return { serial, mount };
  throw new EbbtideError('REQUEST_INVALID', 'Name what to adopt with --accessor, --lease or --serial');
};

/** Register a credential that exists already. */
export const run: Action<Options> = async ({ terminal, load }, options) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const reference = referenceOf(options);
  const { config } = await load();
  const { context, close } = await connect(config, 'credentials');
  const vault = await VaultClient.connect(vaultOf(config, 'tokenService'), { service: 'cli', log: context.log });
  const producer = await context.kafka.producer({ lingerMs: 0 });
  try {
    const registrar = await Registrar.open(producer, context.registry, config.token.registerTimeoutMs);
    const credential = await adoptCredential(
      { vault, register: (entry) => registrar.write(entry) },
      {
        reference,
        function: options.function,
        instance: options.instance,
        ...(options.id === undefined ? {} : { credentialId: options.id }),
        ...(options.maxTtl === undefined ? {} : { maxTtlMs: options.maxTtl }),
      },
    );
    if (terminal.json) return terminal.printJson(credential);
    const can = {
      continuous: 'it can be shortened and revoked',
      revocable: 'it can be revoked, not shortened',
      none: 'it can be neither shortened nor revoked',
      unknown: 'how far it can be shortened is not known',
    };
    terminal.print(`Registered ${credential.credentialId}: ${can[credential.shortening]}`);
  } finally {
    await producer.close();
    await vault.close();
    await close();
  }
};
