import { resourceOf } from '@gantry/model/registry.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import { conflict, GantryError } from '@gantry/runtime/errors.ts';
import { infoOf } from '../../core/keys.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type Outgoing, sendDocument } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { applyType, mediaTypeOf, readBody, unsupported } from '../body.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';

const scaleType = { apiVersion: 'autoscaling/v1', kind: 'Scale' };
const patchTypes = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];

/** Reads or sets the replicas of a scalable object. */
export async function handleScale(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, kind, context } = request;
  const ref = { resource: resourceOf(kind), namespace: route.namespace, name: route.name, subresource: 'scale' };
  switch (route.verb) {
    case 'get':
      return sendDocument(response, 200, scaleOf(await deps.api.get(context, ref)));
    case 'update':
    case 'patch': {
      if (mediaTypeOf(request.incoming) === applyType) {
        return sendDocument(response, 200, scaleOf(await applyScale(deps, request)));
      }
      const { replicas, resourceVersion } = await wantedScale(deps, request);
      const { dryRun } = writeParameters(request.query);
      const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
      const body = JSON.stringify({ ...metadata, spec: { replicas } });
      const changed = await deps.api.patch(context, ref, {
        type: 'merge',
        body,
        subresource: 'scale',
        dryRun,
        ...(route.verb === 'update' ? { verb: 'update' as const } : {}),
      });
      return sendDocument(response, 200, scaleOf(changed));
    }
    default:
      throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

/** Applies a Scale: its manager owns the replicas. */
async function applyScale(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, form, query, context } = request;
  const { dryRun, force } = writeParameters(query, 'PatchOptions', true);
  const { replicas, resourceVersion } = await wantedScale(deps, request);
  const { apiVersion, kind, resource } = form;
  const metadata = { name: route.name, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const config = { apiVersion, kind: kind.kind, metadata, spec: replicas === undefined ? {} : { replicas } };
  const ref = { resource, namespace: route.namespace, name: route.name };
  const wanted = { config: Buffer.from(JSON.stringify(config)), subresource: 'scale', force, dryRun } as const;
  return (await deps.api.applyConfig(context, ref, wanted)).object;
}

/** Replicas and the precondition that a body asks for. A patch may leave replicas out, which changes nothing. */
async function wantedScale(
  deps: ResourceDeps,
  request: ResourceRequest,
): Promise<{ readonly replicas: number | undefined; readonly resourceVersion: string | undefined }> {
  const { route, incoming, context, kind } = request;
  const isPatch = route.verb === 'patch';
  const given = mediaTypeOf(incoming);
  const isApply = given === applyType;
  if (isPatch && !isApply && !patchTypes.includes(given)) throw unsupported(given, [...patchTypes, applyType]);
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const scale = fieldsFrom(
    body,
    isApply ? 'application/yaml' : isPatch ? 'application/json' : given,
    scaleType,
    'gantry.autoscaling.v1.Scale',
  );
  const metadata = (scale.metadata ?? {}) as { readonly name?: string; readonly resourceVersion?: string };
  if (metadata.name && metadata.name !== route.name) {
    throw conflict(infoOf(kind, route.name), `the name of the object (${metadata.name}) does not match`);
  }
  const replicas = (scale.spec as { readonly replicas?: unknown } | undefined)?.replicas ?? (isPatch ? undefined : 0);
  if (replicas !== undefined && !(Number.isInteger(replicas) && Number(replicas) >= 0)) {
    const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
    throw new GantryError('Invalid', `Scale.autoscaling "${route.name}" is invalid: spec.replicas: ${message}`, {
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message }],
    });
  }
  return { replicas: replicas as number | undefined, resourceVersion: metadata.resourceVersion || undefined };
}

/** The Scale of an object with replicas and a selector. */
function scaleOf({ metadata, spec, status }: AnyObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: scaleType.kind,
    apiVersion: scaleType.apiVersion,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selectorTextOf(spec?.selector) },
  };
}

/** The selector as text. That of the first kinds is a map of labels. */
function selectorTextOf(selector: unknown): string {
  if (typeof selector !== 'object' || selector === null) return '';
  const isObject = ['matchLabels', 'matchExpressions'].some((name) => typeof selector[name as never] === 'object');
  return selectorText(isObject ? selector : { matchLabels: selector as Record<string, string> });
}
