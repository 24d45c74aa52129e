/** Decisions about certificate requests, from the request alone: approving by itself, signing, refusing, and tidying up. */
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { hasCondition } from '@gantry/model/kinds/certificatesigningrequest/conditions.ts';
import type { RequestedName } from '@gantry/pki/request.ts';
import { nodeUserName } from '@gantry/runtime/identities.ts';
import { type Attempt, attemptOn } from '../auth/authorization.ts';
import { wellKnown } from '../auth/user.ts';

/** The next step of a request; `none` until somebody decides. */
export type Step =
  | { readonly type: 'none' }
  | { readonly type: 'approve' }
  | { readonly type: 'sign'; readonly use: 'client' | 'server'; readonly lifetimeMs: number }
  /** The signer cannot do what was approved. */
  | { readonly type: 'fail'; readonly problem: string }
  | { readonly type: 'remove' };

const hourMs = 3_600_000;
/** Longest validity of a certificate, and that of one whose request names none: a year, as kube-controller-manager's default. */
const longestMs = 365 * 24 * hourMs;
/** Times after which a request is removed, by its state: those of kube-controller-manager. */
const pendingMs = 24 * hourMs;
const decidedMs = hourMs;

const clientSigner = 'kubernetes.io/kube-apiserver-client';
const nodeClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const nodeServerSigner = 'kubernetes.io/kubelet-serving';
const nodePrefix = nodeUserName('');
const requestResource = 'certificatesigningrequests.certificates.k8s.io';

/**
 * The next step of a request.
 * @param name What the request asks for; undefined where it cannot be read.
 * @param may Whether the user who made the request may do something.
 */
export function decide(
  request: CertificateSigningRequest,
  name: RequestedName | undefined,
  may: (attempt: Attempt) => boolean,
  nowMs: number,
): Step {
  if (isOver(request, nowMs)) return { type: 'remove' };
  const { spec, status = {} } = request;
  const isFinal = hasCondition(request, 'Denied') || hasCondition(request, 'Failed') || Boolean(status.certificate);
  const profile = profiles[spec.signerName ?? ''];
  if (isFinal || profile === undefined) return { type: 'none' };
  const problem = name === undefined ? 'the request cannot be read' : profile.problem(name, spec.usages ?? []);
  if (!hasCondition(request, 'Approved')) {
    return problem === undefined && approvesItself(request, name!, may) ? { type: 'approve' } : { type: 'none' };
  }
  if (problem !== undefined) return { type: 'fail', problem };
  const wantedMs = (spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
  return { type: 'sign', use: profile.use, lifetimeMs: Math.min(wantedMs, longestMs) };
}

interface Profile {
  readonly use: 'client' | 'server';
  /** Reason for which the signer cannot issue it. */
  readonly problem: (name: RequestedName, usages: readonly string[]) => string | undefined;
}

const profiles: Readonly<Record<string, Profile | undefined>> = {
  [clientSigner]: {
    use: 'client',
    problem: ({ organizations }, usages) =>
      organizations.includes(wellKnown.masters)
        ? `no certificate is issued for the group ${wellKnown.masters}`
        : usageProblem(usages, 'client auth'),
  },
  [nodeClientSigner]: {
    use: 'client',
    problem: (name, usages) =>
      nodeProblem(name) ??
      (name.dns.length + name.ips.length + name.others.length > 0
        ? 'subject alternative names are not allowed'
        : usageProblem(usages, 'client auth', ['digital signature'])),
  },
  [nodeServerSigner]: {
    use: 'server',
    problem: (name, usages) =>
      nodeProblem(name) ??
      (name.others.length > 0
        ? 'only DNS names and IP addresses are allowed as subject alternative names'
        : name.dns.length + name.ips.length === 0
          ? 'at least one DNS name or IP address is required as subject alternative name'
          : usageProblem(usages, 'server auth', ['digital signature'])),
  },
};

function nodeProblem({ commonName, organizations }: RequestedName): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== wellKnown.nodes) {
    return `the organization must be ${wellKnown.nodes}`;
  }
  return commonName.startsWith(nodePrefix) && commonName.length > nodePrefix.length
    ? undefined
    : `the common name must start with ${nodePrefix}`;
}

function usageProblem(usages: readonly string[], main: string, alsoNeeded: readonly string[] = []): string | undefined {
  const allowed = [main, 'digital signature', 'key encipherment'];
  const odd = usages.find((usage) => !allowed.includes(usage));
  if (odd !== undefined) return `the usage ${JSON.stringify(odd)} is not allowed`;
  const missing = [main, ...alsoNeeded].find((usage) => !usages.includes(usage));
  return missing === undefined ? undefined : `the usage ${JSON.stringify(missing)} is required`;
}

/** A node may get its first certificate, and a node a new one for itself, if roles say so; all else is for people to approve. */
function approvesItself(
  { spec }: CertificateSigningRequest,
  { commonName }: RequestedName,
  may: (attempt: Attempt) => boolean,
): boolean {
  if (spec.signerName !== nodeClientSigner) return false;
  const allowed = (what: string): boolean => may(attemptOn('create', `${requestResource}/${what}`));
  return (spec.username === commonName && allowed('selfnodeclient')) || allowed('nodeclient');
}

function isOver(request: CertificateSigningRequest, nowMs: number): boolean {
  const { metadata, status = {} } = request;
  const ageOf = (time: string | undefined): number => nowMs - (Date.parse(time ?? '') || nowMs);
  const decided = ['Approved', 'Denied', 'Failed'].map((type) => status.conditions?.find((one) => one.type === type));
  const latest = Math.min(
    ...decided.map((one) => (one === undefined ? Number.POSITIVE_INFINITY : ageOf(one.lastUpdateTime))),
  );
  const isSettled = Boolean(status.certificate) || decided[1] !== undefined || decided[2] !== undefined;
  return isSettled ? latest > decidedMs : ageOf(metadata.creationTimestamp) > pendingMs;
}
