/** The loop that tells in the status of validating policies which of their expressions do not fit the kinds that they are about. Run by one leader. */
import { builtIn } from '@gantry/model/built-in.ts';
import type { ValidatingAdmissionPolicy } from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Store } from '@gantry/store/store.ts';
import type { User } from '../../auth/user.ts';
import type { ResourceApi } from '../../core/api.ts';
import { type CoreDeps, ownContext } from '../../core/context.ts';
import { keyPrefix } from '../../core/keys.ts';
import { type AnyObject, Stored } from '../../core/stored-object.ts';
import { expressionWarnings } from './type-checks.ts';

const kind = builtIn.kindOf('admissionregistration.k8s.io', 'ValidatingAdmissionPolicy')!;
const prefix = keyPrefix(kind, '');
/** Policies that are read at a time. */
const pageEntries = 100;
const retryMs = 2_000;

const author: User = {
  name: 'system:serviceaccount:kube-system:validatingadmissionpolicy-status-controller',
  groups: ['system:masters', 'system:authenticated'],
};

type Deps = Pick<CoreDeps, 'clock' | 'log' | 'kinds'> & {
  readonly store: Pick<Store, 'list' | 'watch'>;
  readonly resources: Pick<ResourceApi, 'update'>;
};

/** Checks policies until the signal fires: each once for each of its generations. */
export async function keepTypeChecks(deps: Deps, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = deps;
  while (!signal.aborted) {
    try {
      const revision = await round(deps, signal);
      for await (const _ of store.watch({ prefix, after: revision, signal })) break;
    } catch (error) {
      if (signal.aborted) return;
      if (!isError(error, 'Expired', 'Conflict', 'NotFound')) log.warn({ error }, 'policies could not be type-checked');
      if (!isError(error, 'Expired')) await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}

/** Checks the policies that were not checked yet; returns the revision at which they were read. */
async function round(deps: Deps, signal: AbortSignal): Promise<number> {
  const { store } = deps;
  const { revision } = await store.list({ prefix, limit: 1 });
  let after: string | undefined;
  for (let more = true; more; ) {
    const page = await store.list({ prefix, after, limit: pageEntries });
    for (const entry of page.entries) {
      signal.throwIfAborted();
      const stored = new Stored(entry);
      if (stored.damage === undefined) await check(deps, stored, signal);
    }
    after = page.entries.at(-1)?.key;
    ({ more } = page);
  }
  return revision;
}

async function check({ resources, kinds }: Deps, stored: Stored, signal: AbortSignal): Promise<void> {
  const policy = structuredClone(stored.object) as unknown as ValidatingAdmissionPolicy;
  const generation = Number(policy.metadata.generation ?? 0);
  if (generation <= Number(policy.status?.observedGeneration ?? 0)) return;
  const warnings = expressionWarnings(policy, kinds);
  const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
  const metadata = { ...policy.metadata, resourceVersion: String(stored.revision) };
  const status = { ...policy.status, observedGeneration: generation, typeChecking };
  const context = ownContext(author, signal, 'validatingadmissionpolicy-status-controller');
  await resources.update(context, { ...policy, metadata, status } as unknown as AnyObject, false, 'status');
}
