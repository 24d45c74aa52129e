import type { ServedResource } from '@gantry/client/api.ts';
import type { Client } from '@gantry/client/client.ts';
import { formatAge } from '@gantry/model/age.ts';
import { bareKind } from '@gantry/model/bare-kind.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { kindOfDefinition } from '@gantry/model/custom/kind.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { isError } from '@gantry/runtime/errors.ts';

/** Parts of a context by which the api is asked. */
interface Asking {
  readonly client: Pick<Client, 'get' | 'watchResources'>;
  readonly signal: AbortSignal;
}

/**
 * Kinds that this program was not built with, by users' words for them: `widgets`, `widget`, a short name, `widgets.example.com`. Words
 * that the api knows neither are left out.
 */
export async function servedKinds(asking: Asking, words: readonly string[]): Promise<Map<string, Kind>> {
  const resources = await resourcesOf(asking);
  const kinds = new Map<string, Kind>();
  for (const word of new Set(words)) {
    const resource = resources.find((each) => namesOf(each).includes(word.toLowerCase()));
    if (resource !== undefined) kinds.set(word, await kindOf(asking, resource));
  }
  return kinds;
}

/** A kind by the type that a manifest names; undefined for one that the api does not serve. */
export async function servedKind(
  asking: Asking,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): Promise<Kind | undefined> {
  const known = builtIn.lookup({ apiVersion, kind });
  if (known !== undefined) return known.kind;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  const isIt = (each: ServedResource): boolean =>
    each.group === group && each.kind === kind && (each.version === version || each.versions.includes(version!));
  const resource = (await resourcesOf(asking)).find(isIt);
  return resource && kindOf(asking, resource);
}

/** The resources that the api serves now. */
async function resourcesOf({ client, signal }: Asking): Promise<readonly ServedResource[]> {
  const done = new AbortController();
  try {
    for await (const { resources } of client.watchResources(AbortSignal.any([signal, done.signal]))) return resources;
    return [];
  } finally {
    done.abort();
  }
}

function namesOf({ kind, plural, singular, shortNames, resource }: ServedResource): string[] {
  return [kind.toLowerCase(), plural, singular, ...shortNames, resource];
}

/** The kind of a resource: as its definition has it, where the user may read that. */
async function kindOf({ client, signal }: Asking, resource: ServedResource): Promise<Kind> {
  const known = builtIn.kindOf(resource.group, resource.kind);
  if (known !== undefined) return known;
  try {
    const definition = await client.get('CustomResourceDefinition', { name: resource.resource }, { signal });
    const convert = () => Promise.reject(new Error('the api converts objects'));
    return kindOfDefinition(definition, { convert }) ?? plainKind(resource);
  } catch (error) {
    // Aggregated apis have no definition.
    if (isError(error, 'Forbidden', 'NotFound')) return plainKind(resource);
    throw error;
  }
}

/** A kind of which no more is known than its names, with the columns that every object has. */
function plainKind(resource: ServedResource): Kind {
  return {
    ...bareKind(resource),
    listsAllColumns: true,
    columns: [
      { name: 'NAME', cell: ({ metadata }) => metadata.name },
      { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    ],
  };
}
