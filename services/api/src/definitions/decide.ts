/** Decisions about definitions, from their outlines alone: names, conditions, and how one ends. */
import type {
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinitionNames as Names,
} from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import { type Approval, approvalOf, isProtectedGroup } from '@gantry/model/kinds/customresourcedefinition/approval.ts';
import { conditionOf, isTrue } from '@gantry/model/kinds/customresourcedefinition/conditions.ts';
import { acceptNames, hasItsNames, type TakenNames } from './names.ts';
import type { Outline } from './outline.ts';

/** A change of a definition's status. */
export interface StatusChange {
  /** Names by which it is served from now on; the same ones as before if absent. */
  readonly acceptedNames?: Names;
  readonly conditions: readonly Told[];
  /** Types of conditions that do not hold any more. */
  readonly forgotten: readonly string[];
}

/** A condition without times. */
export type Told = Pick<Condition, 'type' | 'status'> & Required<Pick<Condition, 'reason' | 'message'>>;

/** The next step of a definition. */
export type Step =
  | { readonly type: 'none' }
  | { readonly type: 'tell'; readonly change: StatusChange }
  /** Served from now on: told once every part of this process sees its names. */
  | { readonly type: 'establish'; readonly change: StatusChange }
  /** Its objects go; once none is left, `release` follows. */
  | { readonly type: 'empty' }
  /** Nothing holds it any more. */
  | { readonly type: 'release'; readonly change: StatusChange };

const established = 'Established';
const terminating = 'Terminating';
const namesAccepted = 'NamesAccepted';
const nonStructural = 'NonStructuralSchema';
const conformant = 'KubernetesAPIApprovalPolicyConformant';

const told = (type: string, status: Condition['status'], reason: string, message: string): Told => {
  return { type, status, reason, message };
};

/** Told when the last object of a definition that ends is gone. */
export const emptied: StatusChange = {
  conditions: [told(terminating, 'False', 'InstanceDeletionCompleted', 'removed all instances')],
  forgotten: [],
};

/** Told while objects of a definition that ends cannot be deleted. */
export function notEmptied(problem: string): StatusChange {
  return { conditions: [told(terminating, 'True', 'InstanceDeletionFailed', problem)], forgotten: [] };
}

/**
 * The next step of a definition.
 * @param taken Names of all definitions of its group.
 * @param isBuiltIn Its objects are those of a kind that is built in.
 */
export function decide(outline: Outline, taken: TakenNames, isBuiltIn: boolean): Step {
  if (outline.isEnding) return decideEnd(outline, isBuiltIn);
  const change = changeOf(outline, taken);
  if (change.acceptedNames !== undefined || change.conditions.length + change.forgotten.length > 0) {
    return { type: 'tell', change };
  }
  return establishmentOf(outline);
}

function decideEnd(outline: Outline, isBuiltIn: boolean): Step {
  const release = (reason: string, message: string): Step => {
    return { type: 'release', change: { conditions: [told(terminating, 'False', reason, message)], forgotten: [] } };
  };
  if (isBuiltIn) return release('OverlappingBuiltInResource', 'instances overlap with built-in resources in storage');
  // Names are accepted before a definition is established, and objects may be there since.
  const wasServed = isTrue(outline.conditions, established) || isTrue(outline.conditions, namesAccepted);
  if (!wasServed) return release('NeverEstablished', 'resource was never established');
  const progress = told(terminating, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
  const known = conditionOf(outline.conditions, terminating);
  if (known?.reason === progress.reason || known?.reason === 'InstanceDeletionFailed') return { type: 'empty' };
  return { type: 'tell', change: { conditions: [progress], forgotten: [] } };
}

function changeOf(outline: Outline, taken: TakenNames): StatusChange {
  const naming = namingOf(outline, taken);
  const conditions = [...naming.conditions, ...approvalConditions(outline)];
  const isKnown = conditionOf(outline.conditions, nonStructural) !== undefined;
  const { schemaProblems } = outline;
  if (schemaProblems !== '') conditions.push(told(nonStructural, 'True', 'Violations', schemaProblems));
  return {
    ...naming,
    conditions: conditions.filter((condition) => !isKnownCondition(outline, condition)),
    forgotten: schemaProblems === '' && isKnown ? [nonStructural] : [],
  };
}

function namingOf(outline: Outline, taken: TakenNames): Pick<StatusChange, 'acceptedNames' | 'conditions'> {
  if (hasItsNames(outline.names, outline.acceptedNames)) return { conditions: [] };
  const { names, conflict } = acceptNames(outline.names, outline.acceptedNames, taken);
  const accepted =
    conflict === undefined
      ? told(namesAccepted, 'True', 'NoConflicts', 'no conflicts found')
      : told(namesAccepted, 'False', conflict.reason, conflict.message);
  const isChanged = !hasItsNames(names, outline.acceptedNames);
  if (!isChanged && isKnownCondition(outline, accepted)) return { conditions: [] };
  return {
    ...(isChanged ? { acceptedNames: names } : {}),
    conditions: [accepted, ...(isTrue(outline.conditions, established) ? [] : [notEstablished(outline, conflict)])],
  };
}

/** The condition of a definition that is not served yet. */
function notEstablished(outline: Outline, conflict: object | undefined): Told {
  if (conflict === undefined) return told(established, 'False', 'Installing', 'the initial names have been accepted');
  const known = conditionOf(outline.conditions, established);
  if (known === undefined) return told(established, 'False', 'NotAccepted', 'not all names are accepted');
  return told(established, known.status, known.reason ?? '', known.message ?? '');
}

function establishmentOf(outline: Outline): Step {
  if (!isTrue(outline.conditions, namesAccepted) || isTrue(outline.conditions, established)) return { type: 'none' };
  const condition = outline.hasBadBundle
    ? told(established, 'False', 'InvalidCABundle', 'The conversion webhook CABundle is invalid')
    : told(established, 'True', 'InitialNamesAccepted', 'the initial names have been accepted');
  if (isKnownCondition(outline, condition)) return { type: 'none' };
  return { type: 'establish', change: { conditions: [condition], forgotten: [] } };
}

const approvals: Readonly<Record<Approval['state'], readonly [status: 'True' | 'False', reason: string]>> = {
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
  missing: ['False', 'MissingAnnotation'],
  invalid: ['False', 'InvalidAnnotation'],
};

function approvalConditions({ group, approval }: Outline): Told[] {
  if (!isProtectedGroup(group)) return [];
  const { state, message } = approvalOf(approval);
  return [told(conformant, ...approvals[state], message)];
}

function isKnownCondition({ conditions }: Outline, { type, status, reason, message }: Told): boolean {
  const known = conditionOf(conditions, type);
  return known?.status === status && known.reason === reason && known.message === message;
}
