import { decodeObject } from '@gantry/model/decode.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import type { Form } from '@gantry/model/registry.ts';
import { invalid, required } from '@gantry/model/validation/causes.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { attemptOn } from '../auth/authorization.ts';
import { ownersBy } from '../ownership/track.ts';
import type { WatchEvent } from '../watch/change.ts';
import { admissionRequest, attemptOf } from './admit.ts';
import { type Applied, applyManifest } from './apply.ts';
import { type Change, type Changed, changeAll } from './changes.ts';
import { cloneJson } from './clone.ts';
import { deleteListed } from './collection.ts';
import type { RequestContext } from './context.ts';
import { type Creation, create, createAll, type NewObject } from './creation.ts';
import type { DeletionRequest } from './deletion.ts';
import { storedForm } from './forms.ts';
import { checkBatchSize } from './limits.ts';
import type { Reservation } from './list-budget.ts';
import { checkNamespace, requireRevision } from './metadata.ts';
import type { ListedPage } from './page.ts';
import { writeOf } from './parts.ts';
import { type PatchType, patched } from './patching.ts';
import * as reader from './reader.ts';
import { selectionOf } from './selection.ts';
import { applyServerSide } from './server-side-apply.ts';
import type { AnyObject, Stored } from './stored-object.ts';
import type { Turn } from './turns.ts';
import * as writer from './writer.ts';

/** Names one object. */
export interface ObjectRef {
  /** Resource with its group, such as deployments.apps. */
  readonly resource: string;
  /** Version of the form in which the client knows it: patches are written in it. The preferred one of the group if absent. */
  readonly version?: string;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  readonly name: string;
  /** The part that the request is about, as it is authorized; the object itself if absent or empty. */
  readonly subresource?: string;
}

/** The objects that a list or watch is about. */
export interface ObjectQuery {
  readonly resource: string;
  /** Version of the form whose names field selectors have; the preferred one of the group if absent. */
  readonly version?: string;
  /** All namespaces if empty. */
  readonly namespace: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** Nothing but the objects' metadata is wanted, as it is stored: no conversion is asked for. */
  readonly metadataOnly?: boolean | undefined;
}

/** A change of parts of an object. */
export interface PatchRequest {
  readonly type: PatchType;
  /** The patch, in JSON. */
  readonly body: string;
  readonly dryRun: boolean;
}

/** A configuration whose fields the client wants and owns. */
export interface ApplyConfigRequest {
  /** In YAML or JSON. */
  readonly config: Uint8Array;
  /** Takes fields over from other managers. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** The objects that a request is authorized for. */
interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/**
 * Everything an edge (gRPC, REST) can ask for. Objects come in decoded, in any form in which they are served, and go out as they are
 * stored; errors are GantryErrors.
 */
export class ResourceApi {
  readonly #deps: reader.ReaderDeps;
  /** The last page of each request that lists. */
  readonly #pages = new WeakMap<RequestContext, Reservation>();

  constructor(deps: reader.ReaderDeps) {
    this.#deps = deps;
  }

  /** One object. @param at The state may not be older than its revision. */
  async get(context: RequestContext, ref: ObjectRef, at?: reader.ReadAt): Promise<AnyObject> {
    return reader.get(this.#deps, this.#target(context, 'get', ref), at, context.signal);
  }

  /** The stored text of an object, which may be damaged; throws NotFound. */
  async getRaw(context: RequestContext, ref: ObjectRef): Promise<Stored> {
    return writer.readEntry(this.#deps, this.#target(context, 'get', ref));
  }

  /**
   * A page of a list, in the form that `encode` gives it. Lists take turns; they wait, or are refused, if too many
   * characters of lists are under way. `encode` is part of the list's work and awaits its turns.
   */
  async list<Answer>(
    context: RequestContext,
    query: ObjectQuery,
    page: reader.Page,
    encode: (listed: ListedPage, turn: Turn) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#list(context, this.#formFor(context, 'list', query), query, page, encode);
  }

  /** Characters of the objects on a page of a list, as far as the last one of its kind tells; undefined where there was none. */
  expectedListChars(query: ObjectQuery, limit: number): number | undefined {
    const { resource, namespace } = query;
    return this.#deps.lists.known(
      listName(namespace === '' ? `${resource}/` : `${resource}/${namespace}/`, query, limit),
    );
  }

  /**
   * Deletes what a list shows, some at a time; stops at the first refusal. Objects that are gone meanwhile are none. Resolves with
   * the objects as they were listed: with a limit those of one page, else as many as a page has.
   */
  async deleteCollection(
    context: RequestContext,
    query: ObjectQuery,
    page: reader.Page,
    request: DeletionRequest,
    dryRun: boolean,
  ): Promise<ListedPage> {
    const form = this.#formFor(context, 'deletecollection', query);
    const remove = ({ metadata: { namespace = '', name } }: AnyObject): Promise<unknown> =>
      this.#remove(context, { kind: form.kind, form, namespace, name }, request, dryRun);
    const read = (at: reader.Page): Promise<ListedPage> =>
      this.#list(context, form, query, at, async (listed) => listed);
    return deleteListed(read, page, remove, context.signal);
  }

  async #list<Answer>(
    context: RequestContext,
    form: Form,
    query: ObjectQuery,
    page: reader.Page,
    encode: (listed: ListedPage, turn: Turn) => Promise<Answer>,
  ): Promise<Answer> {
    const { limits, lists, turns } = this.#deps;
    const { kind } = form;
    const selection = selectionOf(form, query, limits);
    const read = async (): Promise<{ readonly answer: Answer; readonly chars: number }> => {
      const listed = await reader.list(this.#deps, kind, selection, page, context.signal);
      return { answer: await encode(listed, turns.begin(context.signal)), chars: listed.chars };
    };
    // Lists of one object and of a node's objects are as small as a get, and never wait for large ones.
    if (selection.scope.type !== 'prefix') return (await read()).answer;
    const name = listName(selection.scope.id, query, page.limit);
    const price = lists.priceOf(name, limits.maxPageChars);
    const room = await lists.reserve(price, context.signal, this.#pages.get(context));
    this.#pages.set(context, room);
    try {
      const { answer, chars } = await read();
      lists.learn(name, chars);
      room.answered(chars);
      return answer;
    } catch (error) {
      room[Symbol.dispose]();
      throw error;
    }
  }

  /** Changes after a revision; see reader.watch. What is wrong with the request is thrown here, before anything is sent. */
  watch(context: RequestContext, query: ObjectQuery, start: number | reader.WatchStart): AsyncGenerator<WatchEvent> {
    const form = this.#formFor(context, 'watch', query);
    const selection = selectionOf(form, query, this.#deps.limits);
    const from = typeof start === 'number' ? { after: start } : start;
    return reader.watch(this.#deps, form.kind, selection, from, context.signal);
  }

  async create(context: RequestContext, object: AnyObject, dryRun: boolean): Promise<AnyObject> {
    const form = this.#deps.kinds.formOf(object);
    const { kind } = form;
    this.#authorize(context, 'create', form, { namespace: object.metadata.namespace });
    const wanted = storedForm(this.#deps.kinds, object);
    const options = this.#by(context, '', dryRun, form);
    const created = await create(this.#deps, kind, wanted, options);
    this.#warnOfNew(context, created);
    return created;
  }

  /** Creates objects, each on its own; one outcome each, in order. `given` are decoded objects, or why one could not be. */
  async createBatch(
    context: RequestContext,
    given: readonly (AnyObject | GantryError)[],
    dryRun: boolean,
  ): Promise<Creation[]> {
    checkBatchSize('objects', given.length, this.#deps.limits.maxBatchItems);
    const outcomes = given.map((object) => this.#admitted(context, object));
    const fine = outcomes.filter((outcome) => 'kind' in outcome);
    const created = (await createAll(this.#deps, fine, this.#by(context, '', dryRun))).values();
    const all = outcomes.map((outcome) => ('kind' in outcome ? created.next().value! : outcome));
    for (const one of all) if (one.type === 'created') this.#warnOfNew(context, one.object);
    return all;
  }

  /** Replaces an object, or the part of it that a subresource is; NotFound for a subresource that its kind does not have. */
  async update(context: RequestContext, object: AnyObject, dryRun: boolean, subresource = ''): Promise<AnyObject> {
    const target = this.#targetOf(context, object, subresource);
    const options = this.#by(context, subresource, dryRun, target.form);
    const wanted = storedForm(this.#deps.kinds, object);
    const next = replacementOf(target.kind, wanted);
    return (await writeOf(target.kind, subresource)(this.#deps, target, next, options)).object;
  }

  /** Replaces an object's status and nothing else. */
  async updateStatus(context: RequestContext, object: AnyObject, dryRun: boolean): Promise<AnyObject> {
    const target = this.#targetOf(context, object, 'status');
    const options = { ...this.#by(context, 'status', dryRun, target.form), statusAlone: true };
    const next = replacementOf(target.kind, storedForm(this.#deps.kinds, object));
    return (await writeOf(target.kind, 'status')(this.#deps, target, next, options)).object;
  }

  async patch(context: RequestContext, ref: ObjectRef, request: PatchRequest): Promise<AnyObject> {
    const { subresource = '' } = ref;
    const target = this.#target(context, 'patch', ref);
    const write = writeOf(target.kind, subresource);
    const next = patched(this.#deps, context, target.form, request);
    const options = this.#by(context, subresource, request.dryRun, target.form);
    return (await write(this.#deps, target, next, options)).object;
  }

  /**
   * Changes an object by a function of what is stored, which may change what it is given and is called anew where somebody else writes
   * first. It must change no more than the subresource that the client may write, such as the count of a scale.
   */
  async change(
    context: RequestContext,
    ref: ObjectRef,
    { verb, dryRun }: { readonly verb: 'update' | 'patch'; readonly dryRun: boolean },
    next: (object: AnyObject) => AnyObject,
  ): Promise<AnyObject> {
    const { subresource = '' } = ref;
    const target = this.#target(context, verb, ref);
    const checked: writer.Transition = ({ object }) => next(cloneJson(object));
    return (await writer.update(this.#deps, target, checked, this.#by(context, subresource, dryRun, target.form)))
      .object;
  }

  async apply(context: RequestContext, manifest: Uint8Array, namespace: string, dryRun: boolean): Promise<Applied> {
    const request = { manifest, defaultNamespace: namespace || 'default', ...this.#by(context, '', dryRun) };
    const applied = await applyManifest(this.#deps, request, (verb, form, { metadata: { namespace, name } }) =>
      this.#authorize(context, verb, form, verb === 'create' ? { namespace } : { namespace, name }),
    );
    if (applied.outcome === 'created') this.#warnOfNew(context, applied.object);
    return applied;
  }

  /** Server-side apply: the client says which fields it wants and owns, in YAML or JSON. */
  async applyConfig(context: RequestContext, ref: ObjectRef, request: ApplyConfigRequest): Promise<Applied> {
    const { subresource = '' } = ref;
    const { config, force, dryRun } = request;
    const target = this.#target(context, 'patch', ref);
    const author = { manager: context.fieldManager, subresource, nowMs: this.#deps.clock.now() };
    const { form } = target;
    const by = admissionRequest(context, subresource, dryRun);
    return applyServerSide(this.#deps, target, { config, author, form, request: by, force, dryRun }, () =>
      this.#authorize(context, 'create', form, ref),
    );
  }

  /** Server-side apply of a manifest that says itself which object it is about. */
  async applyManifest(
    context: RequestContext,
    manifest: Uint8Array,
    defaultNamespace: string,
    options: { readonly force: boolean; readonly dryRun: boolean },
  ): Promise<Applied> {
    const { metadata, ...type } = decodeObject(parseManifestText(manifest), this.#deps.kinds);
    const { kind, resource, version } = this.#deps.kinds.formOf(type);
    if (!metadata.name) throw invalid(kind, '', [required('metadata.name', 'apply needs a name')]);
    const namespace = kind.namespaced ? metadata.namespace || defaultNamespace || 'default' : '';
    const ref = { resource, version, namespace, name: metadata.name };
    return this.applyConfig(context, ref, { config: manifest, ...options });
  }

  async delete(
    context: RequestContext,
    ref: ObjectRef,
    request: DeletionRequest,
    dryRun: boolean,
  ): Promise<{ readonly object: AnyObject; readonly gone: boolean }> {
    return this.#remove(context, this.#target(context, 'delete', ref), request, dryRun);
  }

  /** Patches and deletes objects, each on its own; one outcome each, in order. `given` are changes, or why one cannot be read. */
  async changeBatch(
    context: RequestContext,
    given: readonly (Change | GantryError)[],
    dryRun: boolean,
  ): Promise<Changed[]> {
    checkBatchSize('changes', given.length, this.#deps.limits.maxBatchItems);
    return changeAll(this.#deps, (deps) => new ResourceApi(deps), context, given, dryRun);
  }

  #remove(
    context: RequestContext,
    target: FormTarget,
    options: DeletionRequest,
    dryRun: boolean,
  ): ReturnType<typeof writer.remove> {
    const request = admissionRequest(context, '', dryRun);
    const admit = (stored: AnyObject): Promise<void> =>
      this.#deps.chain.admit(attemptOf(request, { ...target, object: undefined, stored, options }));
    return writer.remove(this.#deps, target, options, dryRun, admit);
  }

  /** Options of a write whose client owns what it sets. */
  #by(context: RequestContext, subresource: string, dryRun: boolean, form?: Form): writer.WriteOptions {
    const nowMs = this.#deps.clock.now();
    const owners = ownersBy({ manager: context.fieldManager, subresource, version: form?.apiVersion, nowMs });
    return { dryRun, owners, form, request: admissionRequest(context, subresource, dryRun) };
  }

  #admitted(context: RequestContext, object: AnyObject | GantryError): NewObject | Creation {
    try {
      if (object instanceof GantryError) throw object;
      const form = this.#deps.kinds.formOf(object);
      const { kind } = form;
      this.#authorize(context, 'create', form, { namespace: object.metadata.namespace });
      const wanted = storedForm(this.#deps.kinds, object);
      return { kind, object: wanted, form };
    } catch (error) {
      return { type: 'refused', error: toGantryError(error) };
    }
  }

  #target(context: RequestContext, verb: string, ref: ObjectRef): FormTarget {
    const form = this.#deps.kinds.formOfResource(ref.resource, ref.version);
    const { kind } = form;
    checkNamespace(kind, ref.namespace, ref.name);
    this.#authorize(context, verb, form, ref);
    return { kind, form, namespace: ref.namespace, name: ref.name };
  }

  #targetOf(context: RequestContext, object: AnyObject, subresource: string): FormTarget {
    const form = this.#deps.kinds.formOf(object);
    const { kind } = form;
    const { namespace = '', name } = kind.namespaced ? object.metadata : { name: object.metadata.name };
    checkNamespace(kind, namespace, name);
    this.#authorize(context, 'update', form, { namespace, name, subresource });
    return { kind, form, namespace, name };
  }

  #formFor(context: RequestContext, verb: string, query: ObjectQuery): Form {
    const form = this.#deps.kinds.formOfResource(query.resource, query.version);
    if (query.namespace !== '') checkNamespace(form.kind, query.namespace, '');
    const { namespace, fieldSelector } = query;
    // A selector limits what a list or watch shows: who may see one object may list it.
    this.#authorize(context, verb, form, verb === 'deletecollection' ? { namespace } : { namespace, fieldSelector });
    return form;
  }

  /** Tells the client what its kind has to say of a new object. */
  #warnOfNew(context: RequestContext, object: AnyObject): void {
    for (const text of this.#deps.kinds.kindOfObject(object).warnings?.(object) ?? []) context.warn(text);
  }

  #authorize({ user }: RequestContext, verb: string, { resource, version }: Form, at: Place): void {
    const { subresource = '', ...place } = at;
    const whole = subresource === '' ? resource : `${resource}/${subresource}`;
    this.#deps.authorize(user, attemptOn(verb, whole, { ...place, version }));
  }
}

/** An object that a request names, and the form in which it does. */
interface FormTarget extends writer.Target {
  readonly form: Form;
}

/** The transition to the object that a client sent in place of the stored one. */
function replacementOf(kind: Kind, wanted: AnyObject): () => AnyObject {
  return () => {
    requireRevision(kind, wanted);
    return cloneJson(wanted);
  };
}

/** Name of a list among those whose sizes are remembered. @param scope Id of the scope of its objects. */
function listName(scope: string, { labelSelector, fieldSelector }: ObjectQuery, limit: number): string {
  return [scope, labelSelector, fieldSelector, limit].join(' ');
}
