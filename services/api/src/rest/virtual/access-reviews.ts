import type {
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '@gantry/model/gen/gantry.authorization.v1.ts';
import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Attempt, Authorizer } from '../../auth/authorization.ts';
import type { User } from '../../auth/user.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { VirtualResource } from './virtual.ts';

const group = 'authorization.k8s.io';

/** A question about one action. */
type Spec = Partial<SubjectAccessReviewSpec>;

/** Questions if a user may do something. @param decide The answer of all authorizers. */
export function accessReviews(decide: Authorizer): VirtualResource[] {
  return [
    {
      kind: kindNamed('SubjectAccessReview'),
      answer: (_context, object) => {
        const spec = specOf(object);
        refuse([...attributeProblems(spec), ...subjectProblems(spec), ...metadataProblems(object)]);
        return answered(object, decide(subjectOf(spec), attemptOf(spec)));
      },
    },
    {
      kind: kindNamed('SelfSubjectAccessReview'),
      answer: ({ user }, object) => {
        const spec = specOf(object);
        refuse([...attributeProblems(spec), ...metadataProblems(object)]);
        return answered(object, decide(user, attemptOf(spec)));
      },
    },
    {
      kind: kindNamed('LocalSubjectAccessReview'),
      answer: (_context, object, namespace) => {
        const spec = specOf(object);
        refuse([
          ...attributeProblems(spec),
          ...subjectProblems(spec),
          ...metadataProblems(object, namespace),
          ...localProblems(spec, namespace),
        ]);
        const local = { ...object, metadata: { ...object.metadata, namespace } };
        return answered(local, decide(subjectOf(spec), attemptOf(spec)));
      },
    },
  ];
}

function kindNamed(name: string): VirtualResource['kind'] {
  return virtualKinds.kindOf(group, name)!;
}

function specOf({ spec = {} }: AnyObject): Spec {
  return spec;
}

function answered(object: AnyObject, { decision, reason }: ReturnType<Authorizer>): AnyObject {
  const status: SubjectAccessReviewStatus = {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
  };
  const { name: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as AnyObject['metadata'], status: { ...status } };
}

function subjectOf({ user = '', groups = [], extra, uid }: Spec): User {
  return { name: user, groups, ...(uid ? { uid } : {}), ...(extra === undefined ? {} : { extra }) };
}

function attemptOf({ resourceAttributes, nonResourceAttributes }: Spec): Attempt {
  if (resourceAttributes === undefined) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {};
    return { type: 'path', verb, path };
  }
  const attributes: ResourceAttributes = resourceAttributes;
  const { verb = '', version = '', resource = '', subresource = '', namespace = '', name = '' } = attributes;
  return { type: 'resource', verb, group: attributes.group ?? '', version, resource, subresource, namespace, name };
}

/** Throws Invalid with the causes, where there are some: without the name of a kind, as Kubernetes words it for calls. */
function refuse(causes: readonly FieldCause[]): void {
  if (causes.length > 0) throw invalid({ kind: '', group, plural: '' }, '', causes);
}

function attributeProblems({ resourceAttributes, nonResourceAttributes }: Spec): FieldCause[] {
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return [];
  const problem = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidValue('spec', shownPath(nonResourceAttributes), problem)];
}

function subjectProblems({ user = '', groups = [] }: Spec): FieldCause[] {
  if (user !== '' || groups.length > 0) return [];
  return [invalidValue('spec.user', '', 'at least one of user or group must be specified')];
}

/** A call has no metadata of its own. @param namespace Of the request: it may be repeated. */
function metadataProblems({ metadata }: AnyObject, namespace = ''): FieldCause[] {
  const { name, namespace: own, managedFields: _, ...rest } = metadata;
  const isEmpty = !name && (own === undefined || own === namespace) && Object.keys(rest).length === 0;
  return isEmpty ? [] : [invalidValue('metadata', metadata, 'must be empty')];
}

function localProblems({ resourceAttributes, nonResourceAttributes }: Spec, namespace: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (resourceAttributes !== undefined && (resourceAttributes.namespace ?? '') !== namespace) {
    const field = 'spec.resourceAttributes.namespace';
    causes.push(invalidValue(field, resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (nonResourceAttributes !== undefined) {
    const problem = 'disallowed on this kind of request';
    causes.push(invalidValue('spec.nonResourceAttributes', shownPath(nonResourceAttributes), problem));
  }
  return causes;
}

/** Attributes as Kubernetes' Go type prints them. */
function shownPath(attributes: NonResourceAttributes | undefined): object | null {
  return attributes === undefined ? null : { Path: attributes.path ?? '', Verb: attributes.verb ?? '' };
}
