import type { Reader } from '@gantry/client/api.ts';

/**
 * The store's present revision, read from the api itself: every write that took effect before this call has at most this one.
 * Revisions are global, so that a list of any kind tells it; there are few namespaces.
 */
export async function presentRevision(api: Pick<Reader, 'list'>, signal: AbortSignal): Promise<number> {
  const { resourceVersion } = await api.list('Namespace', { limit: 1 }, { signal });
  return resourceVersion;
}
