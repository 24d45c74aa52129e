import { isDeepStrictEqual } from 'node:util';
import type { RemoteDocument } from './documents.ts';

type Document = Readonly<Record<string, unknown>>;
type Entries = Record<string, unknown>;

const definitionStart = '#/definitions/';

/**
 * A document of OpenAPI 2 with the paths of other servers' versions and the definitions that they need. A definition of a name that is
 * taken by another one gets a name of its own.
 */
export function mergedSwagger(own: Document, remotes: readonly RemoteDocument[]): Document {
  const paths: Entries = { ...(own.paths as Entries) };
  const definitions: Entries = { ...(own.definitions as Entries) };
  for (const { group, version, swagger } of remotes) {
    if (swagger === undefined) continue;
    const start = `/apis/${group}/${version}/`;
    const mine = Object.entries(swagger.paths ?? {}).filter(([path]) => path === start || path.startsWith(start));
    const needed = neededBy(mine, swagger.definitions ?? {});
    const names = new Map<string, string>();
    for (const [name, definition] of needed) {
      let free = name;
      for (let turn = 2; free in definitions && !isDeepStrictEqual(definitions[free], definition); turn++) {
        free = `${name}_v${turn}`;
      }
      names.set(name, free);
    }
    for (const [path, item] of mine) paths[path] = renamed(item, names);
    for (const [name, definition] of needed) definitions[names.get(name)!] = renamed(definition, names);
  }
  return { ...own, paths, definitions };
}

/** The definitions that values refer to, and those that these refer to. */
function neededBy(values: unknown, definitions: Document): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const waiting = [values];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    for (const name of refsIn(value)) {
      if (found.has(name) || !Object.hasOwn(definitions, name)) continue;
      found.set(name, definitions[name]);
      waiting.push(definitions[name]);
    }
  }
  return found;
}

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' && inner.startsWith(definitionStart)
      ? [inner.slice(definitionStart.length)]
      : refsIn(inner),
  );
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, renamed(inner, names)];
      const name = inner.slice(definitionStart.length);
      return [key, `${definitionStart}${names.get(name) ?? name}`];
    }),
  );
}
