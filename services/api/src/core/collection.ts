import { isError } from '@gantry/runtime/errors.ts';
import type { ListedPage } from './page.ts';
import type { Page } from './reader.ts';
import type { AnyObject } from './stored-object.ts';

/** Objects that one request deletes at a time: as many as share a commit of the store. */
const atOnce = 16;

/**
 * Removes all objects of a list, page by page. Stops at the first failure and rejects with it, once those that are under way have
 * ended. Resolves with the first page, which has its token where a limit ended the work there.
 * @param remove Rejects with NotFound for an object that is gone, which is as good as removed.
 */
export async function deleteListed(
  read: (page: Page) => Promise<ListedPage>,
  page: Page,
  remove: (object: AnyObject) => Promise<unknown>,
  signal: AbortSignal,
): Promise<ListedPage> {
  const first = await read(page);
  for (let listed = first; ; listed = await read({ limit: 0, token: listed.token })) {
    await forEach(listed.items, remove, signal);
    if (page.limit > 0) return first;
    if (listed.token === '') return { ...first, token: '' };
  }
}

async function forEach(
  objects: readonly AnyObject[],
  remove: (object: AnyObject) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    while (next < objects.length && failures.length === 0 && !signal.aborted) {
      await remove(objects[next++]!).catch((error: unknown) => {
        if (!isError(error, 'NotFound')) failures.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();
}
