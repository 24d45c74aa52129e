import { isDeepStrictEqual } from 'node:util';
import type { FlowSchema, PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { type BootstrapObject, bootstrapObjects } from './bootstrap.ts';

type FlowObject = FlowSchema | PriorityLevelConfiguration;

/** Annotation that says whether the api keeps an object's spec as it is by default. */
const annotation = 'apf.kubernetes.io/autoupdate-spec';

/** Changes that bring the stored objects up to date. */
export interface FlowPlan {
  readonly create: readonly FlowObject[];
  readonly update: readonly FlowObject[];
  /** Objects of an api of another version. */
  readonly remove: readonly FlowObject[];
}

/**
 * Plans what becomes of the flow schemas and priority levels that every api has, as Kubernetes does: missing ones are made; mandatory ones
 * are as they must be; suggested ones are kept up to date unless somebody changed them, or said that he will. Objects that are kept
 * up to date, but that no api of this version has, go.
 */
export function planBootstrap(stored: readonly FlowObject[]): FlowPlan {
  const known = new Map(stored.map((object) => [keyOf(object), object]));
  const wanted = new Set(bootstrapObjects.map(({ object }) => keyOf(object)));
  const revised = bootstrapObjects.flatMap((each) => {
    const current = known.get(keyOf(each.object));
    return current === undefined ? [] : [revisedObject(current, each)];
  });
  return {
    create: bootstrapObjects.flatMap(({ object }) => (known.has(keyOf(object)) ? [] : [annotated(object, true)])),
    update: revised.filter((object) => object !== undefined),
    remove: stored.filter((object) => !wanted.has(keyOf(object)) && annotationOf(object) === true),
  };
}

function keyOf({ kind, metadata }: FlowObject): string {
  return `${kind}/${metadata.name}`;
}

/** An object as it should be; undefined for one that is. */
function revisedObject(current: FlowObject, { object, isMandatory }: BootstrapObject): FlowObject | undefined {
  const said = annotationOf(current);
  // Without a word, an object of the first generation is as it was made.
  const keepsUp = isMandatory || (said ?? current.metadata.generation === 1);
  const isOther = keepsUp && !isSame(current, object, isMandatory);
  if (said === keepsUp && !isOther) return undefined;
  const spec = isOther ? { ...object.spec, ...ownPart(current, isMandatory) } : current.spec;
  return annotated({ ...current, spec } as FlowObject, keepsUp);
}

function isSame(current: FlowObject, object: FlowObject, isMandatory: boolean): boolean {
  return isDeepStrictEqual(current.spec, { ...object.spec, ...ownPart(current, isMandatory) });
}

/** The part of a mandatory object that is its administrator's: the shares of the exempt level. */
function ownPart(current: FlowObject, isMandatory: boolean): object {
  if (!isMandatory || current.kind !== 'PriorityLevelConfiguration') return {};
  return current.spec?.exempt === undefined ? {} : { exempt: current.spec.exempt };
}

function annotationOf({ metadata }: FlowObject): boolean | undefined {
  const value = metadata.annotations?.[annotation];
  if (value === undefined) return undefined;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value) ? false : undefined;
}

function annotated<T extends FlowObject>(object: T, keepsUp: boolean): T {
  const { metadata } = object;
  const annotations = { ...metadata.annotations, [annotation]: String(keepsUp) };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** A condition of a flow schema's status, without its time. */
export interface FlowCondition {
  readonly type: 'Dangling';
  readonly status: 'True' | 'False';
  readonly reason: 'NotFound' | 'Found';
  readonly message: string;
}

/** The condition that a flow schema should have; undefined where it has it. @param levels Names of the priority levels. */
export function missingCondition({ spec, status }: FlowSchema, levels: ReadonlySet<string>): FlowCondition | undefined {
  const level = spec?.priorityLevelConfiguration?.name ?? '';
  const isFound = levels.has(level);
  const names = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  const wanted: FlowCondition = isFound
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${names} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${names} but there is no such object` };
  const known = status?.conditions?.find(({ type }) => type === 'Dangling');
  const isThere = known?.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message;
  return isThere ? undefined : wanted;
}
