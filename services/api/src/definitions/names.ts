/** Names of definitions: within a group each name belongs to one of them. */
import { isDeepStrictEqual } from 'node:util';
import type { CustomResourceDefinitionNames as Names } from '@gantry/model/gen/gantry.apiextensions.v1.ts';

/** Names that the definitions of a group have, their own ones among them. */
export interface TakenNames {
  /** Plurals, singulars and short names. */
  readonly resources: ReadonlySet<string>;
  /** Kinds of objects and of lists. */
  readonly kinds: ReadonlySet<string>;
}

/** Names by which a definition is served, and why not by all that it wants. */
export interface Acceptance {
  readonly names: Names;
  /** The last conflict that was found; undefined where there is none. */
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/** The names that definitions were given. */
export function takenBy(accepted: Iterable<Names>): TakenNames {
  const [resources, kinds] = [new Set<string>(), new Set<string>()];
  for (const { plural, singular = '', shortNames = [], kind, listKind = '' } of accepted) {
    for (const name of [plural, singular, ...shortNames]) resources.add(name);
    for (const name of [kind, listKind]) kinds.add(name);
  }
  return { resources, kinds };
}

/** Gives a definition the names that it wants, as far as no other one has them: it keeps those that it has until it gets others. */
export function acceptNames(wanted: Names, accepted: Names, taken: TakenNames): Acceptance {
  const names = { ...accepted };
  let conflict: Acceptance['conflict'];
  const refuse = (name: string, problems: readonly string[]): void => {
    const message = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
    conflict = { reason: `${name}Conflict`, message };
  };
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    name: string,
    others: ReadonlySet<string>,
  ): void => {
    const value = wanted[field] ?? '';
    if (value !== (accepted[field] ?? '') && others.has(value)) refuse(name, [inUse(value)]);
    else names[field] = value;
  };
  take('plural', 'Plural', taken.resources);
  take('singular', 'Singular', taken.resources);
  const others = (wanted.shortNames ?? []).filter((name) => !accepted.shortNames?.includes(name));
  const problems = others.filter((name) => taken.resources.has(name)).map(inUse);
  if (problems.length > 0) refuse('ShortNames', problems);
  else setOrDelete(names, 'shortNames', wanted.shortNames);
  take('kind', 'Kind', taken.kinds);
  take('listKind', 'ListKind', taken.kinds);
  setOrDelete(names, 'categories', wanted.categories);
  return { names, conflict };
}

/** True where a definition has all the names that it wants. */
export function hasItsNames(wanted: Names, accepted: Names): boolean {
  return isDeepStrictEqual(sorted(wanted), sorted(accepted));
}

function inUse(name: string): string {
  return `${JSON.stringify(name)} is already in use`;
}

function setOrDelete(names: Names, field: 'shortNames' | 'categories', value: string[] | undefined): void {
  if (value === undefined || value.length === 0) delete names[field];
  else names[field] = value;
}

function sorted({
  plural,
  singular = '',
  shortNames = [],
  kind,
  listKind = '',
  categories = [],
}: Names): Required<Names> {
  return { plural, singular, shortNames, kind, listKind, categories };
}
