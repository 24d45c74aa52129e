import { kindOf } from '@gantry/model/built-in.ts';
import { systemPriorityClasses } from '@gantry/model/kinds/priorityclass/system.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { AdmissionPlugin } from './admission.ts';
import type { AdmissionAttempt, AdmissionStep } from './chain.ts';
import type { KindView } from './kind-view.ts';
import { forbidden } from './refusal.ts';

const priorityClasses = kindOf('PriorityClass');
const podKind = kindOf('Pod');
/** Held by the one class that is the default. */
const defaultKey = 'allocations/priorityclass/default';

interface Priority {
  readonly value: number;
  readonly preemptionPolicy: string;
}

/** Priority: gives new pods the priority of their class. @param classes All priority classes. */
export function priorityStep(classes: KindView): AdmissionStep {
  return {
    name: 'Priority',
    handles: ({ kind, operation, request: { subresource } }) =>
      kind === podKind && operation === 'CREATE' && subresource === '',
    mutate: (attempt) => setPriority(attempt, classes),
  };
}

/** A class by its name; those that every cluster has are known before they are stored. */
async function find(classes: KindView, name: string): Promise<Priority | undefined> {
  const builtIn = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
  const found = builtIn ?? (await classes.find(undefined, name));
  return found && priorityOf(found as unknown as AnyObject);
}

/** The class of pods that name none. */
function globalDefault(classes: KindView): AnyObject | undefined {
  for (const { object } of classes.in()) if (object.globalDefault === true) return object;
  return undefined;
}

function priorityOf({ value = 0, preemptionPolicy = 'PreemptLowerPriority' }: AnyObject): Priority {
  return { value: value as number, preemptionPolicy: preemptionPolicy as string };
}

/** Throws Forbidden for an unknown class, or a number of the pod's own. */
async function setPriority(attempt: AdmissionAttempt, classes: KindView): Promise<void> {
  const pod = attempt.object!;
  const spec = pod.spec ?? {};
  let name = (spec.priorityClassName as string | undefined) ?? '';
  let priority: Priority | undefined = { value: 0, preemptionPolicy: 'PreemptLowerPriority' };
  if (name !== '') {
    priority = await find(classes, name);
    if (priority === undefined) throw forbidden(attempt, `no PriorityClass with name ${name} was found`);
  } else {
    const found = globalDefault(classes);
    if (found !== undefined) [name, priority] = [found.metadata.name, priorityOf(found)];
  }
  const { value, preemptionPolicy } = priority;
  const computed = 'priority admission controller computed';
  const suffix = 'from the given PriorityClass name';
  if (spec.priority !== undefined && spec.priority !== value) {
    const text = `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${computed} ${value} ${suffix}`;
    throw forbidden(attempt, text);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const text = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ${computed} ${preemptionPolicy} ${suffix}`;
    throw forbidden(attempt, text);
  }
  const named = name === '' ? {} : { priorityClassName: name };
  attempt.object = { ...pod, spec: { ...spec, ...named, priority: value, preemptionPolicy } };
}

/** Carries a pod's priority over to a replacement that does not say otherwise: it stays what it was when the pod was made. */
export function carryPriority(pod: AnyObject, stored: AnyObject): void {
  const { spec } = pod;
  if (spec === undefined) return;
  for (const field of ['priority', 'preemptionPolicy', 'priorityClassName'] as const) {
    if (spec[field] === undefined && stored.spec?.[field] !== undefined) spec[field] = stored.spec[field];
  }
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
