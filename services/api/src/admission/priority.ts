import { kindOf } from '@gantry/model/built-in.ts';
import { systemPriorityClasses } from '@gantry/model/kinds/priorityclass/system.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change, Operation, Store } from '@gantry/store/store.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';
import { type AnyObject, decodeEntry, type Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import type { AdmissionPlugin } from './admission.ts';

const priorityClasses = kindOf('PriorityClass');
const prefix = keyPrefix(priorityClasses, '');
/** Held by the one class that is the default. */
const defaultKey = 'allocations/priorityclass/default';

interface Priority {
  readonly value: number;
  readonly preemptionPolicy: string;
}

/** The priority classes, kept up to date from the store's changes: each pod that is made is looked up here. */
export class PriorityClasses implements ChangeObserver {
  readonly prefixes = [prefix];
  readonly #store: Pick<Store, 'get'>;
  readonly #classes = new Map<string, AnyObject>();

  constructor(store: Pick<Store, 'get'>) {
    this.#store = store;
  }

  reset(): void {
    this.#classes.clear();
  }

  onEntry(stored: Stored): void {
    this.#classes.set(stored.key, stored.object);
  }

  onChange(change: Change, event: HubChange | undefined): void {
    if (!change.key.startsWith(prefix)) return;
    const object = event?.object;
    if (object === undefined) this.#classes.delete(change.key);
    else this.#classes.set(change.key, object);
  }

  /** A class by name. One that was made through another replica just now is looked for in the store. */
  async find(name: string): Promise<Priority | undefined> {
    const key = objectKey(priorityClasses, undefined, name);
    const known = this.#classes.get(key);
    if (known !== undefined) return priorityOf(known);
    const builtIn = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
    if (builtIn !== undefined) return priorityOf(builtIn as unknown as AnyObject);
    const entry = await this.#store.get(key);
    return entry && priorityOf(decodeEntry(entry));
  }

  /** The class of pods that name none. */
  get globalDefault(): { readonly name: string; readonly priority: Priority } | undefined {
    const found = this.#classes.values().find((one) => one.globalDefault === true);
    return found && { name: found.metadata.name, priority: priorityOf(found) };
  }
}

function priorityOf({ value = 0, preemptionPolicy = 'PreemptLowerPriority' }: AnyObject): Priority {
  return { value: value as number, preemptionPolicy: preemptionPolicy as string };
}

/** A new pod with the priority that its class says. Throws Forbidden for an unknown class, or a number of the pod's own. */
export async function withPriority(pod: AnyObject, classes: PriorityClasses): Promise<AnyObject> {
  const spec = pod.spec ?? {};
  let name = (spec.priorityClassName as string | undefined) ?? '';
  let priority: Priority | undefined = { value: 0, preemptionPolicy: 'PreemptLowerPriority' };
  if (name !== '') {
    priority = await classes.find(name);
    if (priority === undefined) throw forbidden(pod, `no PriorityClass with name ${name} was found`);
  } else if (classes.globalDefault !== undefined) {
    ({ name, priority } = classes.globalDefault);
  }
  const { value, preemptionPolicy } = priority;
  const computed = 'priority admission controller computed';
  const suffix = 'from the given PriorityClass name';
  if (spec.priority !== undefined && spec.priority !== value) {
    const text = `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${computed} ${value} ${suffix}`;
    throw forbidden(pod, text);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const text = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ${computed} ${preemptionPolicy} ${suffix}`;
    throw forbidden(pod, text);
  }
  const named = name === '' ? {} : { priorityClassName: name };
  return { ...pod, spec: { ...spec, ...named, priority: value, preemptionPolicy } };
}

/** Carries a pod's priority over to a replacement that does not say otherwise: it stays what it was when the pod was made. */
export function carryPriority(pod: AnyObject, stored: AnyObject): void {
  const { spec } = pod;
  if (spec === undefined) return;
  for (const field of ['priority', 'preemptionPolicy', 'priorityClassName'] as const) {
    if (spec[field] === undefined && stored.spec?.[field] !== undefined) spec[field] = stored.spec[field];
  }
}

function forbidden({ metadata }: AnyObject, problem: string): GantryError {
  const { name = '' } = metadata;
  return new GantryError('Forbidden', `pods "${name}" is forbidden: ${problem}`, {
    resource: { group: '', resource: 'pods', name },
  });
}

/** Admission of priority classes: one of them is the default at most. */
export function priorityClassAdmission(store: Pick<Store, 'get'>): AdmissionPlugin {
  return {
    admit: async ({ object, stored }) => {
      const operations = await defaultClaims(store, object, stored?.object);
      return { object, operations };
    },
  };
}

/** The operations that keep a second class from becoming the default. Throws Forbidden if there is a default already. */
async function defaultClaims(
  store: Pick<Store, 'get'>,
  object: AnyObject | undefined,
  stored: AnyObject | undefined,
): Promise<Operation[]> {
  const [wanted, had] = [object, stored].map((one) => one?.globalDefault === true);
  if (wanted === had) return [];
  if (!wanted) return [{ type: 'delete', key: defaultKey }];
  const { name = '' } = object!.metadata;
  const held = await store.get(defaultKey);
  if (held === undefined) return [{ type: 'put', key: defaultKey, value: name, expected: 0 }];
  const problem = `PriorityClass ${held.value} is already marked as default. Only one default can exist`;
  throw new GantryError('Forbidden', `priorityclasses.scheduling.k8s.io "${name}" is forbidden: ${problem}`, {
    resource: { group: priorityClasses.group, resource: priorityClasses.plural, name },
  });
}
