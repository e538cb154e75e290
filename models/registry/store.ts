/**
 * Where a registry keeps its objects. Nothing is ever overwritten: an object is put once, so what was read once may be
 * kept for ever.
 */
export interface ObjectStore {
  /** What it is, for people, without secrets: a folder or a URL. */
  readonly name: string;
  /**
   * @param isIntact - what the object must satisfy; a copy that does not is passed over for the original
   * @returns the object, undefined where there is none
   * @throws EbbtideError REGISTRY_UNAVAILABLE
   */
  get(key: string, isIntact?: (bytes: Buffer) => boolean): Promise<Buffer | undefined>;
  /**
   * Put an object where there is none, as a whole or not at all.
   *
   * @returns false where there is one already, which stays as it is
   * @throws EbbtideError REGISTRY_UNAVAILABLE; REGISTRY_FULL
   */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Keys that begin with a prefix, in order. */
  list(prefix: string): Promise<readonly string[]>;
}

const segment = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Whether text may be a part of a key, such as a version: no slash, no leading dot. */
export const isKeySegment = (text: string): boolean => segment.test(text);
