import { bodyKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { patched } from '../../core/patching.ts';
import { scaleForm as form, type ScalePaths as Paths, scaleOf, setReplicas } from '../../core/scale.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type Outgoing, sendDocument } from '../answer.ts';
import { fieldsFrom, objectFrom } from '../bodies.ts';
import { applyType, mediaTypeOf, readBody } from '../body.ts';
import { writeParameters } from '../parameters.ts';
import { patchTypeOf } from '../patch-types.ts';
import { refOf } from '../query.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';

/** Reads or sets the replicas of an object of a kind that says where it has them. */
export async function handleScale(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, kind, context, wanted } = request;
  const paths = kind.subresources!.scale!.scale!;
  const ref = refOf(request);
  const answer = (object: AnyObject): void => sendDocument(response, 200, scaleOf(object, paths), wanted, form.message);
  switch (route.verb) {
    case 'get':
      return answer(await deps.api.get(context, ref));
    case 'update':
    case 'patch': {
      if (mediaTypeOf(request.incoming) === applyType) return answer(await applyScale(deps, request, paths));
      const { dryRun } = writeParameters(request.query, route.verb === 'patch' ? 'PatchOptions' : 'UpdateOptions');
      const change = await (route.verb === 'patch' ? patchOf(deps, request) : replacementOf(deps, request));
      const next = (object: AnyObject): AnyObject => scaled(object, change(scaleOf(object, paths)), paths, route.name);
      return answer(await deps.api.change(context, ref, { verb: route.verb, dryRun }, next));
    }
    default:
      throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

/** Applies a Scale: its manager owns the replicas. A configuration may leave them out, and own nothing. */
async function applyScale(deps: ResourceDeps, request: ResourceRequest, paths: Paths): Promise<AnyObject> {
  const { route, query, context, incoming } = request;
  const { dryRun, force } = writeParameters(query, 'PatchOptions', true);
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const own = { apiVersion: form.apiVersion, kind: form.kind.kind };
  const scale = fieldsFrom(body, 'application/yaml', own, form.message) as unknown as AnyObject;
  const replicas = scale.spec?.replicas;
  const object = { apiVersion: request.form.apiVersion, kind: request.kind.kind, metadata: { name: route.name } };
  const given = { ...scale, metadata: { ...scale.metadata, name: scale.metadata?.name ?? route.name } };
  const wanted = scaled({ ...object, metadata: { ...object.metadata } } as AnyObject, given, paths, route.name);
  if (!wanted.metadata.resourceVersion) delete wanted.metadata.resourceVersion;
  const config = Buffer.from(JSON.stringify(replicas === undefined ? { ...object, spec: {} } : wanted));
  return (await deps.api.applyConfig(context, refOf(request), { config, force, dryRun })).object;
}

/** The Scale that a client wants in the place of the present one. */
type Change = (scale: AnyObject) => AnyObject;

async function replacementOf(deps: ResourceDeps, { route, incoming, context }: ResourceRequest): Promise<Change> {
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const scale = objectFrom(body, mediaTypeOf(incoming), form, { ...context, kinds: bodyKinds });
  if (!scale.metadata.name) {
    const text = `the name of the object (${route.name} based on URL) was undeterminable: name must be provided`;
    throw new GantryError('BadRequest', text);
  }
  return () => scale;
}

async function patchOf(deps: ResourceDeps, { incoming, context, kind }: ResourceRequest): Promise<Change> {
  const mediaType = mediaTypeOf(incoming);
  const type = patchTypeOf(mediaType, kind);
  const body = (await readBody(incoming, deps.maxBodyBytes, context.signal)).toString('utf8');
  const change = patched({ kinds: bodyKinds }, context, form, { type, body });
  return (scale) => change({ object: scale });
}

/** An object with the replicas of a Scale, in place; it must have the version that the Scale names, if any. */
function scaled(object: AnyObject, scale: AnyObject, paths: Paths, name: string): AnyObject {
  if (scale.metadata.name !== name) {
    const text = `the name of the object (${scale.metadata.name}) does not match the name on the URL (${name})`;
    throw new GantryError('BadRequest', text);
  }
  if (scale.metadata.uid) object.metadata.uid = scale.metadata.uid;
  object.metadata.resourceVersion = scale.metadata.resourceVersion ?? '';
  setReplicas(object, (scale.spec?.replicas ?? 0) as number, paths);
  return object;
}
