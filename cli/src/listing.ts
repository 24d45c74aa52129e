import type { AnyKind, DamagedObject, ObjectOf, Query } from '@gantry/client/api.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Context } from './context.ts';

/** Objects to ask for at a time, as kubectl does. The api may cut pages shorter still, by their size. */
const pageSize = 500;
/** Attempts to list from the beginning, where the api has forgotten the revision of a list before its last page was read. */
const maxAttempts = 3;

/** A whole list as it was at one revision. */
export interface Listed<T> {
  readonly items: T[];
  readonly resourceVersion: number;
  /** Objects that the api cannot decode, which are not among the items. */
  readonly damaged: readonly DamagedObject[];
}

type ListContext = Pick<Context, 'signal' | 'output'> & { readonly client: Pick<Context['client'], 'list'> };

/** Lists objects, through all pages. Warns of those that the api cannot decode. */
export function listAll<K extends AnyKind>(context: ListContext, kind: K, query: Query): Promise<Listed<ObjectOf<K>>> {
  return listEach(context, kind, query, (object) => object);
}

/** Lists one thing of each object, so that many objects take little memory; else as listAll. */
export async function listEach<K extends AnyKind, T>(
  { client, signal, output }: ListContext,
  kind: K,
  query: Query,
  pick: (object: ObjectOf<K>) => T,
): Promise<Listed<T>> {
  for (let attempt = 1; ; attempt++) {
    const items: T[] = [];
    const damaged: DamagedObject[] = [];
    try {
      for (let token: string | undefined; ; ) {
        const page = await client.list(
          kind,
          { ...query, limit: pageSize, ...(token === undefined ? {} : { continue: token }) },
          { signal },
        );
        for (const object of page.items) items.push(pick(object));
        damaged.push(...(page.damaged ?? []));
        token = page.continue;
        if (token !== undefined) continue;
        for (const object of damaged) output.note(warningOf(object));
        return { items, resourceVersion: page.resourceVersion, damaged };
      }
    } catch (error) {
      if (!isError(error, 'Expired') || attempt === maxAttempts) throw error;
    }
  }
}

function warningOf({ resource, namespace, name, problem }: DamagedObject): string {
  const where = namespace === '' ? '' : ` -n ${namespace}`;
  return `Warning: ${resource} "${name}" is damaged and left out: ${problem} (gantry get ${resource} ${name}${where} -o raw)\n`;
}
