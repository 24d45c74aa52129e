import type { Change, Store } from '../store.ts';

/** Reads every page of a list at one revision, `limit` entries at a time. */
export async function listAll(store: Store, prefix: string, limit: number, revision?: number): Promise<string[]> {
  const keys: string[] = [];
  let at = revision;
  for (let after: string | undefined; ; after = keys.at(-1)) {
    const page = await store.list({ prefix, limit, after, revision: at });
    keys.push(...page.entries.map(({ key }) => key));
    at = page.revision;
    if (!page.more) return keys;
  }
}

/** Watches until a change with the revision `through` or a later one was seen; returns all changes up to there. */
export async function watchThrough(store: Store, prefix: string, after: number, through: number): Promise<Change[]> {
  const stop = new AbortController();
  const seen: Change[] = [];
  for await (const batch of store.watch({ prefix, after, signal: stop.signal })) {
    seen.push(...batch);
    if ((seen.at(-1)?.revision ?? 0) >= through) stop.abort();
  }
  return seen;
}
