/** The part of a definition that decisions go by. It is small: whole schemas of hundreds of definitions are not kept for it. */
import type {
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames as Names,
} from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import { approvalTextOf } from '@gantry/model/kinds/customresourcedefinition/approval.ts';
import { caBundleProblem } from '@gantry/model/kinds/customresourcedefinition/ca-bundle.ts';
import { cleanupFinalizer } from '@gantry/model/kinds/customresourcedefinition/deletion.ts';
import { structuralProblems } from '@gantry/model/kinds/customresourcedefinition/structural.ts';

/** A definition without its schemas. */
export interface Outline {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** The store's revision of this state. */
  readonly revision: number;
  readonly group: string;
  readonly isNamespaced: boolean;
  readonly names: Names;
  readonly acceptedNames: Names;
  readonly conditions: readonly Condition[];
  /** Text of the annotation about its approval; empty where there is none. */
  readonly approval: string;
  /** The webhook that converts objects has certificates that cannot be used. */
  readonly hasBadBundle: boolean;
  /** Faults of its schemas by the rules of structural ones, in Kubernetes' words; empty where they are structural. */
  readonly schemaProblems: string;
  /** Its end was asked for, and it waits until its objects are gone. */
  readonly isEnding: boolean;
}

/**
 * The outline of a definition as it is stored at a revision.
 * @param before An earlier one of the same name: large schemas are not looked at again while they stay.
 */
export function outlineOf(definition: CustomResourceDefinition, revision: number, before?: Outline): Outline {
  const { metadata, spec, status } = definition;
  const bundle = spec.conversion?.webhook?.clientConfig?.caBundle ?? '';
  const { deletionTimestamp, finalizers = [] } = metadata;
  const { uid = '', generation = 0 } = metadata;
  const isSame = before?.uid === uid && before.generation === generation;
  return {
    name: metadata.name,
    uid,
    generation,
    revision,
    group: spec.group,
    isNamespaced: spec.scope === 'Namespaced',
    names: spec.names,
    acceptedNames: status?.acceptedNames ?? { plural: '', kind: '' },
    conditions: status?.conditions ?? [],
    approval: approvalTextOf(metadata.annotations),
    hasBadBundle: bundle !== '' && caBundleProblem(bundle) !== undefined,
    schemaProblems: isSame ? before.schemaProblems : structuralProblems(spec),
    isEnding: deletionTimestamp !== undefined && finalizers.includes(cleanupFinalizer),
  };
}
