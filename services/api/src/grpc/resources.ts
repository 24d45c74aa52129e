import type { CreateResult } from '@gantry/client/api.ts';
import { unwrap, type Wrapped, wrap } from '@gantry/client/object-messages.ts';
import { encodeMessage } from '@gantry/client/protos.ts';
import { decodeObject } from '@gantry/model/decode.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { type GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ObjectQuery, ObjectRef, ResourceApi } from '../core/api.ts';
import type { Creation } from '../core/creation.ts';
import type { DamagedObjects } from '../core/damage.ts';
import { inForm } from '../core/forms.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { refusal } from '../scheduling/batch.ts';
import type { WatchEvent } from '../watch/change.ts';
import type { Calls } from './calls.ts';
import { changeHandlers } from './changes.ts';
import { damageOf, encodeList, encodeObject, type Wire, withoutManagers, wrapFor } from './lists.ts';
import type * as message from './messages.ts';
import { on, onManifest, onMany, onObject, onWrapped } from './purposes.ts';
import { refOf } from './refs.ts';
import { nonNegative, partOf, patchOf } from './requests.ts';
import { scaleHandlers } from './scale.ts';
import { servedResources } from './served-resources.ts';

/** ResourceService over the core. */
export function resourceHandlers(
  api: ResourceApi,
  calls: Calls,
  damaged: DamagedObjects,
  kinds: Registry,
): UntypedServiceImplementation {
  return {
    ...readHandlers(api, calls, damaged, kinds),
    ...scaleHandlers(api, calls, kinds),
    ...rawHandlers(api, calls),
    ...objectHandlers(api, calls, kinds),
    ...namedHandlers(api, calls, kinds),
    ...changeHandlers(api, calls),
  };
}

function readHandlers(
  api: ResourceApi,
  calls: Calls,
  damaged: DamagedObjects,
  kinds: Registry,
): UntypedServiceImplementation {
  return {
    Get: calls.unary(
      async (context, request: message.GetRequest) => {
        const ref = refOf(request.ref);
        const object = await api.get(context, ref);
        const { metadataOnly } = request;
        return encodeObject(object, { kinds, form: kinds.formOfResource(ref.resource), metadataOnly });
      },
      ({ ref }) => onObject('get', ref),
    ),
    List: calls.unary(
      async (context, request: message.ListRequest) => {
        const page = { limit: request.limit ?? 0, token: request.continue ?? '' };
        const query = queryOf(request);
        const { metadataOnly } = request;
        return api.list(context, query, page, (listed, turn) =>
          encodeList(listed, { kinds, form: kinds.formOfResource(query.resource), metadataOnly }, damaged, turn),
        );
      },
      (request) => onMany('list', request, api),
    ),
    Watch: calls.serverStream(async function* (context, request: message.WatchRequest) {
      const after = nonNegative('resourceVersion', request.resourceVersion);
      const query = queryOf(request);
      const purpose = onMany('watch', request, api);
      using place = await calls.enter(context, purpose);
      using _open = calls.watching(purpose);
      const events = api.watch(context, query, { after, prompt: request.prompt });
      const wire = { kinds, form: kinds.formOfResource(query.resource), metadataOnly: request.metadataOnly };
      // Seats are taken for what exists alone.
      if (after > 0) place[Symbol.dispose]();
      for await (const event of events) {
        if (event.type === 'BOOKMARK') place[Symbol.dispose]();
        const bytes = encodeEvent(event, wire, damaged);
        if (bytes !== undefined) yield bytes;
      }
    }),
    WatchResources: calls.serverStream((context) => servedResources(kinds, context.signal)),
  };
}

/** Methods that read the text of an object. */
function rawHandlers(api: ResourceApi, calls: Calls): UntypedServiceImplementation {
  return {
    GetRaw: calls.unary(
      async (context, request: message.GetRequest) => {
        const ref = refOf(request.ref);
        const { revision, text } = await api.getRaw(context, ref);
        return { ref, resourceVersion: revision, text };
      },
      ({ ref }) => onObject('get', ref),
    ),
  };
}

/** Methods that are given a whole object. */
function objectHandlers(api: ResourceApi, calls: Calls, kinds: Registry): UntypedServiceImplementation {
  const decoded = (wrapped: Wrapped | undefined): AnyObject => objectOf(wrapped, kinds);
  /** Writes an object, and answers in the form in which it came. */
  const written = async (object: AnyObject, write: (object: AnyObject) => Promise<AnyObject>): Promise<Wrapped> => {
    const form = kinds.formOf(object);
    return wrap(inForm(form, await write(object)), kinds);
  };
  return {
    Create: calls.unary(
      async (context, { object, dryRun = false }: message.ObjectRequest) =>
        written(decoded(object), (each) => api.create(context, each, dryRun)),
      ({ object }) => onWrapped('create', object, kinds),
    ),
    CreateBatch: calls.unary(
      async (context, { objects = [], dryRun = false }: message.CreateBatchRequest) => {
        const given = objects.map((each) => objectOrProblem(each, kinds));
        return { results: (await api.createBatch(context, given, dryRun)).map(resultOf) };
      },
      ({ objects }) => onWrapped('create', objects?.[0], kinds),
    ),
    Update: calls.unary(
      async (context, { object, dryRun = false, subresource }: message.UpdateRequest) =>
        written(decoded(object), (each) => api.update(context, each, dryRun, partOf(subresource))),
      ({ object, subresource }) => onWrapped('update', object, kinds, subresource),
    ),
    UpdateStatus: calls.unary(
      async (context, { object, dryRun = false }: message.ObjectRequest) =>
        written(decoded(object), (each) => api.updateStatus(context, each, dryRun)),
      ({ object }) => onWrapped('update', object, kinds, 'status'),
    ),
  };
}

/** Methods that name an object and say what becomes of it. */
function namedHandlers(api: ResourceApi, calls: Calls, kinds: Registry): UntypedServiceImplementation {
  const named = (ref: ObjectRef, object: AnyObject): AnyObject => inForm(kinds.formOfResource(ref.resource), object);
  return {
    Patch: calls.unary(
      async (context, request: message.PatchRequest) => {
        const { ref, ...patch } = patchOf(request);
        const object = await api.patch(context, ref, { ...patch, dryRun: request.dryRun ?? false });
        return wrap(named(ref, object), kinds);
      },
      ({ ref, subresource }) => onObject('patch', ref, subresource),
    ),
    Apply: calls.unary(async (context, request: message.ApplyRequest) => {
      const manifest = Buffer.from(request.manifest ?? '', 'base64');
      const { defaultNamespace = '', fieldManager = '', force = false, dryRun = false } = request;
      const { object, outcome } =
        fieldManager === ''
          ? await api.apply(context, manifest, defaultNamespace, dryRun)
          : await api.applyManifest({ ...context, fieldManager }, manifest, defaultNamespace, { force, dryRun });
      return { object: wrap(object, kinds), outcome: outcome.toUpperCase() };
    }, onManifest),
    Delete: calls.unary(
      async (context, request: message.DeleteRequest) => {
        const ref = refOf(request.ref);
        const { object, gone } = await api.delete(context, ref, request, request.dryRun ?? false);
        return { object: answerOf(named(ref, object), kinds), gone };
      },
      ({ ref }) => onObject('delete', ref),
    ),
    DeleteCollection: calls.unary(
      async (context, request: message.DeleteCollectionRequest) => {
        const all = { limit: 0, token: '' };
        await api.deleteCollection(context, queryOf(request), all, request, request.dryRun ?? false);
        return {};
      },
      ({ resource, namespace }) => on('deletecollection', resource ?? '', namespace),
    ),
  };
}

/** An event goes to many watchers as the same object: it is encoded for the first of them. */
const wholeEvents = new WeakMap<WatchEvent, Buffer>();
/** The same for watchers of the metadata alone. */
const partialEvents = new WeakMap<WatchEvent, Buffer>();

/** The bytes of an event; undefined if its object has a field that cannot be encoded, and so counts as damaged. */
function encodeEvent(event: WatchEvent, wire: Wire, damaged: DamagedObjects): Buffer | undefined {
  const isShared = wire.form.conversion === undefined;
  const encoded = wire.metadataOnly ? partialEvents : wholeEvents;
  const known = isShared ? encoded.get(event) : undefined;
  if (known !== undefined) return known;
  const { type, resourceVersion } = event;
  try {
    const object = type === 'BOOKMARK' ? undefined : wrapFor(wire, withoutManagers(event.object));
    const bytes = encodeMessage('WatchEvent', type === 'BOOKMARK' ? event : { type, resourceVersion, object });
    if (isShared) encoded.set(event, bytes);
    return bytes;
  } catch (error) {
    if (type === 'BOOKMARK') throw error;
    damaged.note(damageOf(event.object, wire.form, error));
    return undefined;
  }
}

/** The object as it is answered; its identity alone if a field cannot be encoded. */
function answerOf(object: AnyObject, kinds: Registry): Wrapped {
  const wrapped = wrap(object, kinds);
  try {
    encodeMessage('Object', wrapped);
    return wrapped;
  } catch {
    const { name, namespace, resourceVersion } = object.metadata;
    const { apiVersion, kind } = object;
    return wrap({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }), resourceVersion } }, kinds);
  }
}

function queryOf({
  resource = '',
  namespace = '',
  labelSelector = '',
  fieldSelector = '',
  metadataOnly = false,
}: message.QueryMessage): ObjectQuery {
  return { resource, namespace, labelSelector, fieldSelector, metadataOnly };
}

function objectOf(wrapped: Wrapped | undefined, kinds: Registry): AnyObject {
  // The wire format holds texts where the JSON form has quantities and the like: those are checked as in a manifest.
  return decodeObject(unwrap(wrapped), kinds) as AnyObject;
}

function objectOrProblem(wrapped: Wrapped, kinds: Registry): AnyObject | GantryError {
  try {
    return objectOf(wrapped, kinds);
  } catch (error) {
    return toGantryError(error);
  }
}

function resultOf(creation: Creation): CreateResult {
  if (creation.type === 'refused') return { ...refusal(creation.error), name: '', uid: '' };
  const { name, uid = '' } = creation.object.metadata;
  return { code: 0, message: '', reason: '', resourceVersion: creation.revision, name, uid };
}
