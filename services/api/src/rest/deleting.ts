import { GantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, send, sendStatus } from './answer.ts';
import { fieldsFrom } from './bodies.ts';
import { mediaTypeOf, readBody } from './body.ts';
import { checkDeletionOptions, type GivenOptions, type Options } from './deletion-options.ts';
import { listParameters } from './list-options.ts';
import { encodeList } from './list-writer.ts';
import { flag, wholeNumber } from './parameters.ts';
import { queryOf, refOf } from './query.ts';
import { answerObject } from './reading.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { rowObjectOf, Shape } from './shape.ts';
import { deletedStatus } from './status.ts';

/** Resources of which a deletion answers with the object that is gone, as Kubernetes has it, and not with a Status. */
const returned = new Set([
  'pods',
  'services',
  'namespaces',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'csidrivers',
  'csinodes',
  'storageclasses',
  'volumeattachments',
  'volumeattributesclasses',
  'deviceclasses',
  'resourceclaims',
  'resourceclaimtemplates',
  'resourceslices',
]);

/** Deletes one object, or asks for its end. */
export async function deleteObject(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { kind, context } = request;
  const options = await deletionOf(deps, request);
  const { object, gone } = await deps.api.delete(context, refOf(request), options, options.dryRun);
  if (gone && !returned.has(kind.plural)) {
    const { name, uid } = object.metadata;
    return sendStatus(response, deletedStatus({ name, uid, group: kind.group, kind: kind.plural }), request.wanted);
  }
  // Only who asks for the end of dependents in the older form is told that the end is still to come.
  const code = !gone && options.orphanDependents === false ? 202 : 200;
  answerObject(deps, request, response, object, code);
}

/** Deletes what a list shows, and answers with that list. */
export async function deleteCollection(
  deps: ResourceDeps,
  request: ResourceRequest,
  response: Outgoing,
): Promise<void> {
  const { wanted, context, query } = request;
  const page = listParameters(query);
  const options = await deletionOf(deps, request);
  const listed = await deps.api.deleteCollection(context, queryOf(request), page, options, options.dryRun);
  const shape = new Shape(request.form, wanted, rowObjectOf(query), deps.clock.now());
  send(response, 200, encodeList(shape, listed.items, metadataOf(listed), wanted));
}

function metadataOf({ revision, token }: { readonly revision: number; readonly token: string }) {
  return { resourceVersion: String(revision), ...(token === '' ? {} : { continue: token }) };
}

/** DeleteOptions from the body, or from the query if there is none. Throws Invalid that names each option that is wrong. */
async function deletionOf(deps: ResourceDeps, { incoming, query, context }: ResourceRequest): Promise<Options> {
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const given = body.length === 0 ? optionsInQuery(query) : optionsInBody(body, mediaTypeOf(incoming));
  return checkDeletionOptions(given);
}

function optionsInQuery(query: URLSearchParams): GivenOptions {
  return {
    gracePeriodSeconds: wholeNumber(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: flag(query, 'orphanDependents'),
    dryRun: query.getAll('dryRun'),
    ignoreStoreReadErrorWithClusterBreakingPotential: flag(query, 'ignoreStoreReadErrorWithClusterBreakingPotential'),
  };
}

function optionsInBody(body: Buffer, mediaType: string): GivenOptions {
  // Any group's DeleteOptions will do: clients send that of the object's group.
  const given = fieldsFrom(
    body,
    mediaType,
    { apiVersion: 'v1', kind: 'DeleteOptions' },
    'gantry.meta.v1.DeleteOptions',
  );
  if (given.kind === undefined || given.kind === 'DeleteOptions') return given;
  throw new GantryError(
    'BadRequest',
    `no kind ${JSON.stringify(given.kind)} is known that holds the options of a deletion`,
  );
}
