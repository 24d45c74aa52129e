import type { PolicyRule, RoleRef, Subject } from '@gantry/model/gen/gantry.rbac.v1.ts';
import { rbacGroup } from '@gantry/model/kinds/rbac/group.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change } from '@gantry/store/store.ts';
import { parseKey } from '../../core/keys.ts';
import type { AnyObject, Stored } from '../../core/stored-object.ts';
import type { HubChange } from '../../watch/change.ts';
import type { ChangeObserver } from '../../watch/observers.ts';
import type { User } from '../user.ts';

/** A binding that gives a user rules. */
export interface Grant {
  /** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`, for reasons. */
  readonly source: () => string;
  /** Undefined where the role does not exist. */
  readonly rules: readonly PolicyRule[] | undefined;
  readonly roleRef: RoleRef;
}

/** A binding as it stands in the index of its subjects. */
interface Binding {
  readonly name: string;
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
  readonly roleKey: string;
  readonly subjects: readonly Subject[];
}

const [roles, clusterRoles, roleBindings, clusterRoleBindings] = [
  'roles',
  'clusterroles',
  'rolebindings',
  'clusterrolebindings',
].map((plural) => `${plural}.${rbacGroup}`) as [string, string, string, string];

/** Bindings of one subject by namespace; those of the whole cluster under the empty name. */
type BySpace = Map<string, Set<Binding>>;

/**
 * Roles, and bindings by their subjects, kept up to date from the store's changes. While they are loaded nobody gets a grant:
 * asking then throws ServiceUnavailable.
 */
export class RbacView implements ChangeObserver {
  readonly prefixes = [roles, clusterRoles, roleBindings, clusterRoleBindings].map((resource) => `${resource}/`);
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  readonly #bindings = new Map<string, Binding>();
  /** By `user:NAME` or `group:NAME`. */
  readonly #bySubject = new Map<string, BySpace>();
  #loaded = false;

  reset(): void {
    this.#loaded = false;
    this.#rules.clear();
    this.#bindings.clear();
    this.#bySubject.clear();
  }

  loaded(): void {
    this.#loaded = true;
  }

  onEntry(stored: Stored): void {
    this.#put(stored.key, stored.object);
  }

  onChange(change: Change, event: HubChange | undefined): void {
    if (event === undefined || !this.prefixes.some((prefix) => change.key.startsWith(prefix))) return;
    if (event.deleted) this.#remove(change.key);
    // A damaged object grants nothing.
    else if (event.object === undefined) this.#remove(change.key);
    else this.#put(change.key, event.object);
  }

  /** The grants of a user in a namespace (none where it is empty) and in the whole cluster, those of the cluster first. */
  *grantsOf(user: User, namespace: string): Generator<Grant> {
    if (!this.#loaded)
      throw new GantryError('ServiceUnavailable', 'the roles are being loaded', { retryAfterMs: 1_000 });
    const subjects = [`user:${user.name}`, ...user.groups.map((group) => `group:${group}`)];
    for (const space of namespace === '' ? [''] : ['', namespace]) {
      for (const subject of subjects) {
        for (const binding of this.#bySubject.get(subject)?.get(space) ?? []) {
          yield {
            source: () => describe(binding, subject),
            rules: this.#rules.get(binding.roleKey),
            roleRef: binding.roleRef,
          };
        }
      }
    }
  }

  /** The rules of a role; undefined where there is none. @param namespace Of a Role. */
  rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return this.#rules.get(roleKeyOf(kind, name, namespace));
  }

  #put(key: string, object: AnyObject): void {
    const resource = parseKey(key)?.resource;
    if (resource === roles || resource === clusterRoles) {
      const rules = (object.rules ?? []) as PolicyRule[];
      if (!Array.isArray(rules)) throw new TypeError('rules is no list');
      this.#rules.set(key, rules);
      return;
    }
    const binding = bindingOf(object);
    this.#remove(key);
    this.#bindings.set(key, binding);
    for (const subject of subjectKeysOf(binding)) {
      const spaces = this.#bySubject.get(subject) ?? new Map<string, Set<Binding>>();
      this.#bySubject.set(subject, spaces);
      const members = spaces.get(binding.namespace) ?? new Set<Binding>();
      spaces.set(binding.namespace, members.add(binding));
    }
  }

  #remove(key: string): void {
    this.#rules.delete(key);
    const binding = this.#bindings.get(key);
    if (binding === undefined) return;
    this.#bindings.delete(key);
    for (const subject of subjectKeysOf(binding)) {
      const spaces = this.#bySubject.get(subject);
      const members = spaces?.get(binding.namespace);
      members?.delete(binding);
      if (members?.size === 0) spaces!.delete(binding.namespace);
      if (spaces?.size === 0) this.#bySubject.delete(subject);
    }
  }
}

function bindingOf({ kind, metadata, roleRef, subjects = [] }: AnyObject): Binding {
  const namespace = kind === 'RoleBinding' ? (metadata.namespace ?? '') : '';
  const ref = roleRef as RoleRef;
  const roleKey = roleKeyOf(ref.kind, ref.name, namespace);
  return { name: metadata.name, namespace, roleRef: ref, roleKey, subjects: subjects as Subject[] };
}

function roleKeyOf(kind: string, name: string, namespace: string): string {
  return kind === 'ClusterRole' ? `${clusterRoles}/_/${name}` : `${roles}/${namespace}/${name}`;
}

function subjectKeysOf({ subjects, namespace }: Binding): Set<string> {
  return new Set(subjects.map((subject) => subjectKeyOf(subject, namespace)));
}

function subjectKeyOf({ kind, name, namespace: own }: Subject, namespace: string): string {
  switch (kind) {
    case 'Group':
      return `group:${name}`;
    case 'ServiceAccount':
      return `user:system:serviceaccount:${own || namespace}:${name}`;
    default:
      return `user:${name}`;
  }
}

/** A binding in the words of Kubernetes' reasons. */
function describe({ name, namespace, roleRef, subjects }: Binding, subject: string): string {
  const {
    kind,
    name: subjectName,
    namespace: own,
  } = subjects.find((each) => subjectKeyOf(each, namespace) === subject)!;
  const who = kind === 'ServiceAccount' ? `${subjectName}/${own || namespace}` : subjectName;
  const binding =
    namespace === '' ? `ClusterRoleBinding ${quoted(name)}` : `RoleBinding ${quoted(`${name}/${namespace}`)}`;
  return `${binding} of ${roleRef.kind} ${quoted(roleRef.name)} to ${kind} ${quoted(who)}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
