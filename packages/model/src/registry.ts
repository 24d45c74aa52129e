/** The kinds that are served, and the forms in which they are. Nothing is found by the bare name of a kind: two groups may use the same one. */
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Column, Kind, KubeObject, ServedVersion } from './kind.ts';
import { schemaOf } from './message-types.ts';
import type { ObjectSchema } from './type-schema.ts';

/** One form in which a kind is served: the one that is stored, or one that is converted at the edges. */
export interface Form {
  readonly kind: Kind;
  /** Such as apps; empty for the core group. */
  readonly group: string;
  /** Such as v1. */
  readonly version: string;
  /** `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  /** Plural name with this form's group, such as deployments.apps. */
  readonly resource: string;
  /** The proto message of this form; empty where it has none. */
  readonly message: string;
  /** Its fields, but for apiVersion and kind. */
  readonly schema: ObjectSchema;
  /** Columns of `get` for objects in this form, or, where the form has none of its own, for objects in the stored form. */
  readonly columns: readonly Column<never>[];
  /** Conversion from and to the stored form; undefined for that form itself. */
  readonly conversion: ServedVersion | undefined;
}

/** A change of a registry. */
export interface RegistryChange {
  readonly type: 'added' | 'removed';
  readonly kind: Kind;
  /** Of a kind that is removed: another takes its place at once, whose objects are in the same form. */
  readonly isSucceeded?: true;
}

/** Kinds by everything that requests name them by. Kinds may come and go while it is used. */
export class Registry {
  readonly #kinds = new Set<Kind>();
  /** By apiVersion and kind, with a blank between. */
  readonly #byType = new Map<string, Form>();
  /** By apiVersion and plural name, with a slash between. */
  readonly #byPath = new Map<string, Form>();
  /** By plural name with the group: the forms of that group, the preferred one first. */
  readonly #byResource = new Map<string, readonly Form[]>();
  /** By group and kind, with a blank between. */
  readonly #byGroup = new Map<string, Kind>();
  readonly #byField = new Map<string, Kind>();
  #byWord: ReadonlyMap<string, Kind> | undefined;
  readonly #listeners = new Set<(change: RegistryChange) => void>();

  constructor(kinds: readonly Kind[]) {
    for (const kind of kinds) this.#enter(kind);
  }

  /** All kinds, in the order in which they came. */
  get kinds(): readonly Kind[] {
    return [...this.#kinds];
  }

  /** All forms in which kinds are served: of each kind the stored one first. */
  get forms(): readonly Form[] {
    return [...this.#byType.values()];
  }

  /** The form of an apiVersion and a kind. Throws a BadRequest that names what is unknown. */
  formOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): Form {
    const form = this.lookup({ apiVersion, kind });
    if (form === undefined) {
      throw new GantryError('BadRequest', `no matches for kind "${kind}" in version "${apiVersion}"`);
    }
    return form;
  }

  /** The form of an apiVersion and a kind; undefined where it is not served. */
  lookup({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): Form | undefined {
    return this.#byType.get(`${apiVersion} ${kind}`);
  }

  /** The kind of an object in any of its forms. Throws a BadRequest that names what is unknown. */
  kindOfObject(object: Pick<KubeObject, 'apiVersion' | 'kind'>): Kind {
    return this.formOf(object).kind;
  }

  /** A kind by its group and name in any of its forms; undefined where there is none. */
  kindOf(group: string, name: string): Kind | undefined {
    return this.#byGroup.get(`${group} ${name}`);
  }

  /** The form of a path's apiVersion and plural name; undefined where it is not served. */
  served(apiVersion: string, plural: string): Form | undefined {
    return this.#byPath.get(`${apiVersion}/${plural}`);
  }

  /**
   * A form by its plural name with the group, such as `deployments.apps`: the stored one where it is of that group, and else the
   * first. Throws NotFound where there is none.
   * @param version Of the group; any where it is empty.
   */
  formOfResource(resource: string, version = ''): Form {
    const forms = this.#byResource.get(resource) ?? [];
    const form = version === '' ? forms[0] : forms.find((each) => each.version === version);
    if (form === undefined) throw new GantryError('NotFound', `the server doesn't have a resource type "${resource}"`);
    return form;
  }

  /** A kind by its plural name with the group. Throws NotFound where there is none. */
  kindOfResource(resource: string): Kind {
    return this.formOfResource(resource).kind;
  }

  /** A kind by the field of gantry.api.v1.Object that carries it. */
  kindOfObjectField(field: string): Kind | undefined {
    return this.#byField.get(field);
  }

  /** A kind by a user's word for it: `pod`, `pods`, `po`, `deployments.apps`. Of kinds with the same word the first has it. */
  find(word: string): Kind | undefined {
    this.#byWord ??= wordsOf(this.#kinds);
    return this.#byWord.get(word.toLowerCase());
  }

  /** Serves a kind from now on. Throws an Error for one whose type, path or field is taken. */
  add(kind: Kind): void {
    this.#enter(kind);
    this.#tell({ type: 'added', kind });
  }

  /**
   * Serves a kind no more. Does nothing for one that is not served.
   * @param isSucceeded Another kind takes its place at once, whose objects are in the same form: watches of them go on.
   */
  remove(kind: Kind, isSucceeded = false): void {
    if (!this.#kinds.delete(kind)) return;
    for (const form of formsOf(kind)) {
      this.#byType.delete(typeKey(form));
      this.#byPath.delete(pathKey(form));
      this.#byGroup.delete(groupKey(form));
      const others = this.#byResource.get(form.resource)?.filter((each) => !isOf(kind, each)) ?? [];
      if (others.length === 0) this.#byResource.delete(form.resource);
      else this.#byResource.set(form.resource, others);
    }
    this.#byField.delete(kind.objectField);
    this.#byWord = undefined;
    this.#tell({ type: 'removed', kind, ...(isSucceeded ? { isSucceeded } : {}) });
  }

  /** Calls a listener right after each change, until the result is disposed of. */
  onChange(listener: (change: RegistryChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #enter(kind: Kind): void {
    const forms = formsOf(kind);
    const isTaken = forms.some((form) => this.#byType.has(typeKey(form)) || this.#byPath.has(pathKey(form)));
    if (isTaken || (kind.objectField !== '' && this.#byField.has(kind.objectField))) {
      throw new Error(`${resourceOf(kind)} is served already`);
    }
    this.#kinds.add(kind);
    for (const form of forms) {
      this.#byType.set(typeKey(form), form);
      this.#byPath.set(pathKey(form), form);
      this.#byGroup.set(groupKey(form), kind);
      this.#byResource.set(form.resource, [...(this.#byResource.get(form.resource) ?? []), form]);
    }
    if (kind.objectField !== '') this.#byField.set(kind.objectField, kind);
    this.#byWord = undefined;
  }

  #tell(change: RegistryChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function isOf(kind: Kind, form: Form): boolean {
  return form.kind === kind || (kind.custom?.versions.includes(form.kind) ?? false);
}

/** The forms of a kind, the stored one first; each version of a definition is a form whose kind is its own. */
function formsOf(kind: Kind): Form[] {
  const { versions = [kind] } = kind.custom ?? {};
  return versions.flatMap(formsOfVersion);
}

function formsOfVersion(kind: Kind): Form[] {
  const formIn = (
    version: Pick<Kind, 'group' | 'version' | 'message' | 'schema'>,
    conversion: ServedVersion | undefined,
  ): Form => ({
    kind,
    group: version.group,
    version: version.version,
    apiVersion: apiVersionOf(version),
    resource: resourceOf({ group: version.group, plural: kind.plural }),
    message: version.message,
    get schema() {
      return schemaOf(version);
    },
    columns: conversion?.columns ?? kind.columns,
    conversion,
  });
  return [formIn(kind, undefined), ...(kind.versions ?? []).map((version) => formIn(version, version))];
}

function typeKey({ apiVersion, kind }: Form): string {
  return `${apiVersion} ${kind.kind}`;
}

function groupKey({ group, kind }: Form): string {
  return `${group} ${kind.kind}`;
}

function pathKey({ apiVersion, kind }: Form): string {
  return `${apiVersion}/${kind.plural}`;
}

function wordsOf(kinds: Iterable<Kind>): Map<string, Kind> {
  const words = new Map<string, Kind>();
  for (const kind of kinds) {
    const names = [kind.kind.toLowerCase(), kind.plural, kind.singular, ...kind.shortNames];
    const resources = formsOf(kind).map(({ resource }) => resource);
    for (const word of [...names, ...resources]) if (!words.has(word)) words.set(word, kind);
  }
  return words;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `deployments.apps`, or `pods` for the core group. */
export function resourceOf(kind: Pick<Kind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}
