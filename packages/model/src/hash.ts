import { createHash } from 'node:crypto';

/** Characters of generated names: no vowels, and nothing that is taken for another (Kubernetes' alphabet). */
const safeCharacters = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix for generateName: 5 random characters; `random` gives numbers from 0 to 1. */
export function randomSuffix(random: () => number = Math.random): string {
  return Array.from({ length: 5 }, () => safeCharacters[Math.floor(random() * safeCharacters.length)]).join('');
}

/**
 * The hash by which revisions are named, such as the value of the pod-template-hash label: 10 safe characters that depend on the
 * content alone, not on the order of its properties. `collisionCount` salts it when two contents come out alike.
 */
export function contentHash(content: unknown, collisionCount?: number): string {
  const digest = createHash('sha256')
    .update(canonicalJson(content))
    .update(String(collisionCount ?? ''))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => safeCharacters[byte % safeCharacters.length]).join('');
}

/** JSON with properties in order of name. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
