import type { LabelSelector } from '@gantry/model/gen/gantry.meta.v1.ts';
import { meets, type Requirement, requirementsOf } from '@gantry/model/selectors.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { isNamespace, namespaceOf } from './places.ts';

/** Reads a namespace from the store; throws NotFound. */
export type ReadNamespace = (name: string) => Promise<AnyObject>;

/** The namespace of one attempt, read when it is first asked for. */
export class AttemptNamespace {
  readonly #read: ReadNamespace;
  readonly #attempt: AdmissionAttempt;
  #found: Promise<AnyObject> | undefined;

  constructor(read: ReadNamespace, attempt: AdmissionAttempt) {
    this.#read = read;
    this.#attempt = attempt;
  }

  /** The namespace's object; undefined for an object that is in none, and for a namespace itself. Throws NotFound. */
  async object(): Promise<AnyObject | undefined> {
    const { kind, namespace } = this.#attempt;
    if (namespace === '' || isNamespace(kind)) return undefined;
    this.#found ??= this.#read(namespace);
    return this.#found;
  }

  /** Labels by which the attempt is selected; undefined where it has no namespace and is always selected. */
  async labels(): Promise<Readonly<Record<string, string>> | undefined> {
    const attempt = this.#attempt;
    const name = namespaceOf(attempt);
    if (!isNamespace(attempt.kind)) return name === '' ? undefined : ((await this.object())?.metadata.labels ?? {});
    const { operation, request, object, stored } = attempt;
    const isWrite = request.subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
    return (isWrite ? object : (stored ?? (await this.#read(name))))?.metadata.labels ?? {};
  }
}

/** The conditions of a selector; none where it is absent or empty, which selects everything. */
export function conditionsOf(selector: LabelSelector | undefined): readonly Requirement[] {
  return selector === undefined ? [] : requirementsOf(selector);
}

/** True where the attempt's namespace meets the conditions. Throws NotFound where there is none. */
export async function namespaceMatches(
  conditions: readonly Requirement[],
  namespace: AttemptNamespace,
): Promise<boolean> {
  if (conditions.length === 0) return true;
  const labels = await namespace.labels();
  return labels === undefined || conditions.every((condition) => meets(labels, condition));
}

/** True where one of the objects meets the conditions. */
export function objectMatches(
  conditions: readonly Requirement[],
  objects: readonly (AnyObject | undefined)[],
): boolean {
  if (conditions.length === 0) return true;
  return objects.some(
    (object) =>
      object?.metadata !== undefined && conditions.every((condition) => meets(object.metadata.labels, condition)),
  );
}
