import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { EbbtideError } from '../../schemas/errors.ts';

/** An age recipient of X25519 (`age1…`): what secrets of a user are sealed to. */
export const isRecipient = (text: string): boolean => {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    // Its checksum is wrong
    return false;
  }
};

/**
 * Seal a text to one recipient in the age format, v1 (https://age-encryption.org/v1), armoured.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` when that is no recipient
 */
export const seal = async (text: string, recipient: string): Promise<string> => {
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
    // A recipient may read well and be no point that anything can be sealed to
    return armor.encode(await encrypter.encrypt(text));
  } catch (cause) {
    throw new EbbtideError('REQUEST_INVALID', 'That is no age recipient; expected age1 and 58 characters', {}, cause);
  }
};

/**
 * Open what was sealed.
 *
 * @param identity - `AGE-SECRET-KEY-1…`
 * @throws {EbbtideError} `UNAUTHENTICATED` when it is not sealed to this identity, or was changed
 */
export const open = async (sealed: string, identity: string): Promise<string> => {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return await decrypter.decrypt(armor.decode(sealed), 'text');
  } catch {
    // The cause may quote what it could not read
    throw new EbbtideError(
      'UNAUTHENTICATED',
      'This identity does not open what was sealed: it belongs to another key, or was changed on its way',
      {},
    );
  }
};

/** A fresh identity, and the recipient that belongs to it. */
export const generateIdentity = async (): Promise<{ readonly identity: string; readonly recipient: string }> => {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
};

/** The recipient that belongs to an identity. */
export const recipientOf = (identity: string): Promise<string> => identityToRecipient(identity);
