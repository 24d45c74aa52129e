import { builtIn } from '@gantry/model/built-in.ts';
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { KeyPair } from '@gantry/pki/authority.ts';
import type { RequestedName } from '@gantry/pki/request.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Store } from '@gantry/store/store.ts';
import type { Attempt, Authorize } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import type { ResourceApi } from '../core/api.ts';
import { ownContext } from '../core/context.ts';
import { keyPrefix } from '../core/keys.ts';
import { type AnyObject, Stored } from '../core/stored-object.ts';
import { decide, type Step } from './decide.ts';

/** Requests that are looked at in one round at most; a cluster has a few, and old ones go. */
const maxRequests = 5_000;
const pageEntries = 500;
/** Milliseconds between rounds although nothing changes: some requests get old. */
const roundMs = 60_000;
const retryMs = 2_000;

const kind = builtIn.kindOf('certificates.k8s.io', 'CertificateSigningRequest')!;
const prefix = keyPrefix(kind, '');
const resource = 'certificatesigningrequests.certificates.k8s.io';

export interface KeeperDeps {
  readonly store: Pick<Store, 'list' | 'watch'>;
  readonly resources: Pick<ResourceApi, 'update' | 'delete'>;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly log: Logger;
}

const signer: User = { name: 'system:certificate-controller', groups: ['system:masters', 'system:authenticated'] };

/** Approves, signs and removes certificate requests until the signal fires. Run by one leader. @param authority Signs them. */
export async function keepRequests(deps: KeeperDeps, authority: KeyPair, signal: AbortSignal): Promise<void> {
  const { clock, log, store } = deps;
  while (!signal.aborted) {
    try {
      const revision = await round(deps, authority, signal);
      await nextChange(store, revision, AbortSignal.any([signal, AbortSignal.timeout(roundMs)]));
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ error }, 'certificate requests could not be looked after');
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}

/** Takes each request one step further; returns the revision at which they were read. */
export async function round(deps: KeeperDeps, authority: KeyPair, signal: AbortSignal): Promise<number> {
  const { store, clock, log } = deps;
  const { revision } = await store.list({ prefix, limit: 1 });
  let after: string | undefined;
  for (let seen = 0, more = true; more && seen < maxRequests; seen += pageEntries) {
    const page = await store.list({ prefix, after, limit: pageEntries });
    for (const entry of page.entries) {
      signal.throwIfAborted();
      const stored = new Stored(entry);
      if (stored.damage !== undefined) continue;
      const request = structuredClone(stored.object) as unknown as CertificateSigningRequest;
      const name = await nameIn(request);
      const step = decide(request, name, (attempt) => may(deps, request, attempt), clock.now());
      try {
        await perform(deps, authority, request, step, signal);
      } catch (error) {
        // Somebody else changed it meanwhile: the change brings it here again.
        if (!isError(error, 'Conflict', 'NotFound'))
          log.warn({ error, request: request.metadata.name }, 'a step failed');
      }
    }
    after = page.entries.at(-1)?.key;
    ({ more } = page);
  }
  return revision;
}

/** Resolves once a request changed, or the signal fires. */
async function nextChange(store: Pick<Store, 'watch'>, after: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of store.watch({ prefix, after, signal })) return;
  } catch (error) {
    if (!signal.aborted && !isError(error, 'Expired')) throw error;
  }
}

async function nameIn({ spec }: CertificateSigningRequest): Promise<RequestedName | undefined> {
  // The library takes time and memory to load, and most clusters need it rarely.
  const { readRequest } = await import('@gantry/pki/request.ts');
  try {
    return readRequest(pemOf(spec.request));
  } catch {
    return undefined;
  }
}

function may({ authorize }: KeeperDeps, { spec }: CertificateSigningRequest, attempt: Attempt): boolean {
  const { username = '', uid = '', groups = [], extra = {} } = spec;
  try {
    authorize({ name: username, uid, groups, extra }, attempt);
    return true;
  } catch {
    return false;
  }
}

async function perform(
  { resources, clock }: KeeperDeps,
  authority: KeyPair,
  request: CertificateSigningRequest,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  const context = ownContext(signer, signal, 'gantry-certificates');
  const { name, uid } = request.metadata;
  const told = (type: string, reason: string, message: string): CertificateSigningRequest => {
    const condition = { type, status: 'True', reason, message, lastUpdateTime: rfc3339(clock.now()) };
    const conditions = [...(request.status?.conditions ?? []), condition];
    return { ...request, status: { ...request.status, conditions } };
  };
  switch (step.type) {
    case 'none':
      return;
    case 'approve': {
      const message = 'Auto approving kubelet client certificate after SubjectAccessReview.';
      const approved = told('Approved', 'AutoApproved', message) as unknown as AnyObject;
      await resources.update(context, approved, false, 'approval');
      return;
    }
    case 'sign': {
      const { signRequest } = await import('@gantry/pki/request.ts');
      const certificate = await signRequest(authority, pemOf(request.spec.request), step, clock.now());
      const status = { ...request.status, certificate: Buffer.from(certificate).toString('base64') };
      await resources.update(context, { ...request, status } as unknown as AnyObject, false, 'status');
      return;
    }
    case 'fail': {
      const failed = told('Failed', 'SignerValidationFailure', step.problem) as unknown as AnyObject;
      await resources.update(context, failed, false, 'status');
      return;
    }
    case 'remove':
      await resources.delete(context, { resource, namespace: '', name }, { uid: uid ?? '' }, false);
  }
}

function pemOf(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
