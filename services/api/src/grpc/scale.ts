import type { Registry } from '@gantry/model/registry.ts';
import { conflict, GantryError } from '@gantry/runtime/errors.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ObjectRef, ResourceApi } from '../core/api.ts';
import { inForm } from '../core/forms.ts';
import { type ScalePaths, scaleOf, setReplicas } from '../core/scale.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Calls } from './calls.ts';
import type { GetRequest, UpdateScaleRequest } from './messages.ts';
import { onObject } from './purposes.ts';
import { refOf } from './refs.ts';

/** Methods that read and set the replicas that an object asks for. */
export function scaleHandlers(api: ResourceApi, calls: Calls, kinds: Registry): UntypedServiceImplementation {
  return {
    GetScale: calls.unary(
      async (context, request: GetRequest) => {
        const ref: ObjectRef = { ...refOf(request.ref), subresource: 'scale' };
        const form = kinds.formOfResource(ref.resource);
        return scaleMessage(inForm(form, await api.get(context, ref)), form.kind.subresources?.scale?.scale);
      },
      ({ ref }) => onObject('get', ref, 'scale'),
    ),
    UpdateScale: calls.unary(
      async (context, request: UpdateScaleRequest) => {
        const ref: ObjectRef = { ...refOf(request.ref), subresource: 'scale' };
        const form = kinds.formOfResource(ref.resource);
        const paths = form.kind.subresources?.scale?.scale;
        if (paths === undefined) {
          throw new GantryError('NotFound', 'the server could not find the requested resource');
        }
        const next = (object: AnyObject): AnyObject => rescaled(object, request, paths, ref);
        const options = { verb: 'update', dryRun: request.dryRun ?? false } as const;
        return scaleMessage(inForm(form, await api.change(context, ref, options, next)), paths);
      },
      ({ ref }) => onObject('update', ref, 'scale'),
    ),
  };
}

/** The object with other replicas, in place. Throws Conflict where it is not the one, or not as large, as the caller knows. */
function rescaled(
  object: AnyObject,
  { uid = '', replicas = 0, expectedReplicas }: UpdateScaleRequest,
  paths: ScalePaths,
  { resource }: ObjectRef,
): AnyObject {
  const dot = resource.indexOf('.');
  const [plural, group] = dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)];
  const info = { group, resource: plural, name: object.metadata.name };
  if (uid !== '' && uid !== object.metadata.uid) {
    throw conflict(
      info,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid})`,
    );
  }
  const { replicas: present } = scaleOf(object, paths).spec as { readonly replicas: number };
  if (expectedReplicas !== undefined && expectedReplicas !== present) {
    throw conflict(info, `it asks for ${present} replicas, not ${expectedReplicas}`);
  }
  setReplicas(object, replicas, paths);
  return object;
}

function scaleMessage(object: AnyObject, paths: ScalePaths | undefined): object {
  if (paths === undefined) return { hasScale: false };
  const { metadata, spec, status } = scaleOf(object, paths);
  const { replicas: currentReplicas, selector = '' } = status as {
    readonly replicas: number;
    readonly selector?: string;
  };
  return { hasScale: true, uid: metadata.uid, replicas: spec!.replicas, currentReplicas, selector };
}
