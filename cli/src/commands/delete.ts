import type { AnyKind } from '@gantry/client/api.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { decodeManifest } from '@gantry/model/decode.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode } from '../context.ts';
import { listEach } from '../listing.ts';
import { readManifests } from '../manifests.ts';
import { observeObject } from '../observing.ts';
import { objectLabel } from '../output/objects.ts';
import { servedKind } from '../served-kinds.ts';
import { nameOfKind, targetsOf } from '../targets.ts';

export interface DeleteFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly selector?: string;
  readonly all: boolean;
  readonly ignoreNotFound: boolean;
  readonly gracePeriod?: number;
  readonly force: boolean;
  readonly wait: boolean;
  readonly cascade: 'background' | 'foreground' | 'orphan';
}

interface Victim {
  readonly kind: AnyKind;
  readonly namespace: string | undefined;
  readonly name: string;
}

const propagation = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

/** Deletes objects, and waits until they are gone unless told otherwise. */
export async function deleteObjects(context: Context, args: readonly string[], flags: DeleteFlags): Promise<void> {
  const victims =
    flags.filename.length > 0 ? await fromManifests(context, flags) : await fromArguments(context, args, flags);
  if (victims.length === 0) context.output.note('No resources found\n');
  const waiting: (Victim & { readonly uid: string })[] = [];
  let failed = 0;
  for (const [index, victim] of victims.entries()) {
    try {
      const uid = await deleteOne(context, victim, flags);
      if (uid !== undefined) waiting.push({ ...victim, uid });
    } catch (error) {
      if (flags.ignoreNotFound && isError(error, 'NotFound')) continue;
      if (!isError(error) || ['ServiceUnavailable', 'Cancelled'].includes(error.reason)) {
        const left = victims.length - index;
        if (left > 1) context.output.note(`${left} of ${victims.length} objects are left\n`);
        throw error;
      }
      failed++;
      context.output.note(`Error from server (${error.reason}): ${error.message}\n`);
    }
  }
  if (flags.wait) for (const victim of waiting) await untilGone(context, victim);
  if (failed > 0) throw new Exit(ExitCode.failed);
}

/** Deletes an object. Resolves to its uid if it still exists, with a deletion time. */
async function deleteOne(context: Context, victim: Victim, flags: DeleteFlags): Promise<string | undefined> {
  const gracePeriodSeconds = flags.force ? 0 : flags.gracePeriod;
  const { object, gone } = await context.client.delete(victim.kind, victim, {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    propagationPolicy: propagation[flags.cascade],
    signal: context.signal,
  });
  context.output.write(`${objectLabel(object).replace('/', ' "')}" ${flags.force ? 'force deleted' : 'deleted'}\n`);
  return gone ? undefined : object.metadata.uid!;
}

async function fromManifests(context: Context, flags: DeleteFlags): Promise<Victim[]> {
  const documents = await readManifests(flags.filename, flags.recursive, 'delete');
  const victims: Victim[] = [];
  for (const { text } of documents) victims.push(await inManifest(context, text));
  return victims;
}

/** The object that a manifest names. One of a kind that this program was not built with is read no further than its name. */
async function inManifest(context: Context, text: string): Promise<Victim> {
  const { apiVersion = '', kind = '', metadata } = (parseManifestText(text) ?? {}) as Partial<KubeObject>;
  const type = await servedKind(context, { apiVersion, kind });
  const isBuiltIn = type === undefined || builtIn.lookup({ apiVersion, kind }) !== undefined;
  const named = isBuiltIn ? decodeManifest(text).metadata : metadata;
  const { namespace, name = '' } = named ?? {};
  return {
    kind: nameOfKind(type!),
    namespace: type!.namespaced ? (namespace ?? context.namespace) : undefined,
    name,
  };
}

async function fromArguments(context: Context, args: readonly string[], flags: DeleteFlags): Promise<Victim[]> {
  const victims: Victim[] = [];
  for (const { kind, type, names } of await targetsOf(context, args)) {
    const namespace = type.namespaced ? context.namespace : undefined;
    if (names.length > 0) victims.push(...names.map((name) => ({ kind, namespace, name })));
    else if (flags.all || flags.selector !== undefined) {
      const query = {
        ...(namespace ? { namespace } : {}),
        ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
      };
      const found = await listEach(context, kind, query, ({ metadata: { namespace, name } }) => ({
        kind,
        namespace,
        name,
      }));
      for (const victim of found.items) victims.push(victim);
      // They have no labels that a selector could go by.
      if (flags.selector === undefined)
        for (const { namespace, name } of found.damaged) victims.push({ kind, namespace, name });
    } else {
      throw new Exit(ExitCode.usage, 'resource(s) were provided, but no name, label selector, or --all flag specified');
    }
  }
  return victims;
}

/** Waits until the object is gone: another one may have its name by then. */
async function untilGone(context: Context, victim: Victim & { readonly uid: string }): Promise<void> {
  for await (const object of observeObject(context, victim.kind, victim)) {
    if (object?.metadata.uid !== victim.uid) return;
  }
}
