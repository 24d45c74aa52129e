import { decodeManifest } from '@gantry/model/decode.ts';
import { type KindName, kindOf } from '@gantry/model/registry.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode } from '../context.ts';
import { readManifests } from '../manifests.ts';
import { objectLabel } from '../output/objects.ts';
import { parseTargets } from '../targets.ts';

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
  readonly kind: KindName;
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
  for (const victim of victims) {
    try {
      const { object, gone } = await context.client.delete(victim.kind, victim, {
        ...(flags.force
          ? { gracePeriodSeconds: 0 }
          : flags.gracePeriod === undefined
            ? {}
            : { gracePeriodSeconds: flags.gracePeriod }),
        propagationPolicy: propagation[flags.cascade],
        signal: context.signal,
      });
      context.output.write(`${objectLabel(object).replace('/', ' "')}" ${flags.force ? 'force deleted' : 'deleted'}\n`);
      if (!gone) waiting.push({ ...victim, uid: object.metadata.uid! });
    } catch (error) {
      if (!isError(error) || ['ServiceUnavailable', 'Cancelled'].includes(error.reason)) throw error;
      if (flags.ignoreNotFound && error.reason === 'NotFound') continue;
      failed++;
      context.output.note(`Error from server (${error.reason}): ${error.message}\n`);
    }
  }
  if (flags.wait) for (const victim of waiting) await untilGone(context, victim);
  if (failed > 0) throw new Exit(ExitCode.failed);
}

async function fromManifests(context: Context, flags: DeleteFlags): Promise<Victim[]> {
  const documents = await readManifests(flags.filename, flags.recursive);
  return documents.map(({ text }) => {
    const object = decodeManifest(text);
    const namespaced = kindOf(object.kind as KindName).namespaced;
    const namespace = namespaced ? (object.metadata.namespace ?? context.namespace) : undefined;
    return { kind: object.kind as KindName, namespace, name: object.metadata.name };
  });
}

async function fromArguments(context: Context, args: readonly string[], flags: DeleteFlags): Promise<Victim[]> {
  const victims: Victim[] = [];
  for (const { kind, names } of parseTargets(args)) {
    const namespace = kindOf(kind).namespaced ? context.namespace : undefined;
    if (names.length > 0) victims.push(...names.map((name) => ({ kind, namespace, name })));
    else if (flags.all || flags.selector !== undefined) {
      const query = {
        ...(namespace ? { namespace } : {}),
        ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
      };
      const { items } = await context.client.list(kind, query, { signal: context.signal });
      victims.push(...items.map(({ metadata }) => ({ kind, namespace: metadata.namespace, name: metadata.name })));
    } else {
      throw new Exit(ExitCode.usage, 'resource(s) were provided, but no name, label selector, or --all flag specified');
    }
  }
  return victims;
}

/** Waits until the object, or one that took its name, shows that it is gone. */
async function untilGone(context: Context, victim: Victim & { readonly uid: string }): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, context.signal]);
  const query = {
    ...(victim.namespace ? { namespace: victim.namespace } : {}),
    fieldSelector: `metadata.name=${victim.name}`,
    resourceVersion: 0,
  };
  let present = false;
  try {
    for await (const event of context.client.watch(victim.kind, query, signal)) {
      if (event.type === 'BOOKMARK') {
        if (!present) return;
      } else if (event.object.metadata.uid === victim.uid) {
        if (event.type === 'DELETED') return;
        present = true;
      }
    }
  } finally {
    stop.abort();
  }
}
