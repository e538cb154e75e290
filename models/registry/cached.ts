import type { ObjectStore } from './store.ts';

/**
 * A remote store with a copy of what was read from it, so that a model which ran once is there while the registry is
 * not. Objects never change, hence neither does a copy; whoever reads checks hashes all the same.
 */
export const cachedStore = (remote: ObjectStore, cache: ObjectStore): ObjectStore => ({
  name: remote.name,
  async get(key, isIntact) {
    const kept = await cache.get(key).catch(() => undefined);
    if (kept && (isIntact?.(kept) ?? true)) return kept;
    const found = await remote.get(key);
    // A cache that is full is no reason to refuse what was read.
    if (found) await cache.putIfAbsent(key, found).catch(() => false);
    return found;
  },
  putIfAbsent: (key, bytes) => remote.putIfAbsent(key, bytes),
  list: (prefix) => remote.list(prefix),
});
