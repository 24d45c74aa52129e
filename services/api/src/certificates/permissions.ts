import { builtIn } from '@gantry/model/built-in.ts';
import type { CertificateSigningRequest, PodCertificateRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { forbidden as forbiddenField, invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { AdmissionAttempt, AdmissionStep } from '../admission/chain.ts';
import { forbidden } from '../admission/refusal.ts';
import { type Authorizer, attemptOn } from '../auth/authorization.ts';
import { changesGarbageFieldsAlone } from '../auth/restriction.ts';
import { type User, wellKnown } from '../auth/user.ts';

const kind = builtIn.kindOf('certificates.k8s.io', 'CertificateSigningRequest')!;
const podKind = builtIn.kindOf('certificates.k8s.io', 'PodCertificateRequest')!;
/** Most milliseconds between the begin of a pod's certificate and the api's clock. */
const maxSkewMs = 300_000;
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** CertificateApproval: nobody approves requests unless a role lets them do so for the request's signer. */
export function approvalStep(decide: Authorizer): AdmissionStep {
  return {
    name: 'CertificateApproval',
    handles: ({ kind: written, operation, request }) =>
      written === kind && operation === 'UPDATE' && request.subresource === 'approval',
    validate: (attempt) => checkSigner(decide, attempt, 'approve'),
  };
}

/** CertificateSigning: nobody issues a certificate, or says that it cannot be, unless a role lets them do so for the request's signer. */
export function signingStep(decide: Authorizer): AdmissionStep {
  return {
    name: 'CertificateSigning',
    handles: ({ kind: written, operation, request }) =>
      written === kind && operation === 'UPDATE' && request.subresource === 'status',
    validate: (attempt) => {
      const [before, after] = [attempt.stored, attempt.object] as unknown as CertificateSigningRequest[];
      if (signs(before!, after!)) checkSigner(decide, attempt, 'sign');
    },
  };
}

/**
 * Statuses of pods' requests are for those whom a role lets sign for the request's signer, and a new certificate begins about now by the
 * api's clock.
 */
export function podSigningStep(decide: Authorizer, clock: Pick<Clock, 'now'>): AdmissionStep {
  return {
    name: 'PodCertificateSigning',
    handles: ({ kind: written, operation, request }) =>
      written === podKind && operation === 'UPDATE' && request.subresource === 'status',
    validate: ({ request: { user }, name, ...attempt }) => {
      const [before, after] = [attempt.stored, attempt.object] as unknown as PodCertificateRequest[];
      if (sameJson(before!.status ?? {}, after!.status ?? {})) return;
      const { signerName = '' } = before!.spec;
      const { notBefore } = after!.status ?? {};
      const causes: FieldCause[] = [];
      if (notBefore !== undefined && Math.abs(Date.parse(notBefore) - clock.now()) > maxSkewMs) {
        const problem = "must be set to within 5 minutes of kube-apiserver's current time";
        causes.push(invalidValue('status.notBefore', notBefore, problem));
      } else if (!mayFor(decide, user, 'sign', signerName)) {
        const problem = `User ${JSON.stringify(user.name)} is not permitted to "sign" for signer ${JSON.stringify(signerName)}`;
        causes.push(forbiddenField('spec.signerName', problem));
      }
      if (causes.length > 0) throw invalid(podKind, name, causes);
    },
  };
}

function checkSigner(decide: Authorizer, attempt: AdmissionAttempt, verb: 'approve' | 'sign'): void {
  const { signerName = '' } = (attempt.stored as unknown as CertificateSigningRequest).spec;
  if (mayFor(decide, attempt.request.user, verb, signerName)) return;
  throw forbidden(attempt, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}

/** Whether a change is a signer's: it issues the certificate, or says that it cannot. */
function signs(before: CertificateSigningRequest, after: CertificateSigningRequest): boolean {
  const failed = ({ status }: CertificateSigningRequest): boolean =>
    status?.conditions?.some(({ type }) => type === 'Failed') ?? false;
  return (before.status?.certificate ?? '') !== (after.status?.certificate ?? '') || failed(before) !== failed(after);
}

/** ClusterTrustBundleAttest: nobody publishes anchors of trust for a signer unless a role lets them attest for it. */
export function attestationStep(decide: Authorizer): AdmissionStep {
  return {
    name: 'ClusterTrustBundleAttest',
    handles: ({ kind: written, operation }) =>
      written.kind === 'ClusterTrustBundle' &&
      written.group === kind.group &&
      (operation === 'CREATE' || operation === 'UPDATE'),
    validate: (attempt) => {
      const { object, stored, request } = attempt;
      const signerName = object!.spec?.signerName;
      if (typeof signerName !== 'string' || signerName === '') return;
      if (stored !== undefined && changesGarbageFieldsAlone(object!, stored)) return;
      if (mayFor(decide, request.user, 'attest', signerName)) return;
      throw forbidden(attempt, `user not permitted to attest for signerName ${JSON.stringify(signerName)}`);
    },
  };
}

/** A role names the signer itself, or all of its domain. */
function mayFor(decide: Authorizer, user: User, verb: 'approve' | 'sign' | 'attest', signerName: string): boolean {
  const [domain = ''] = signerName.split('/', 1);
  return [signerName, `${domain}/*`].some(
    (name) => decide(user, attemptOn(verb, 'signers.certificates.k8s.io', { name })).decision === 'allow',
  );
}

/** CertificateSubjectRestriction: refuses requests for a client certificate of the group that may do everything: nobody is to approve one by mistake. */
export const subjectRestrictionStep: AdmissionStep = {
  name: 'CertificateSubjectRestriction',
  handles: ({ kind: written, operation, request, object }) =>
    written === kind &&
    operation === 'CREATE' &&
    request.subresource === '' &&
    (object?.spec as CertificateSigningRequest['spec'] | undefined)?.signerName === clientSigner,
  validate: async (attempt) => {
    const { request } = attempt.object!.spec as CertificateSigningRequest['spec'];
    const { readRequest } = await import('@gantry/pki/request.ts');
    const { organizations } = readRequest(Buffer.from(request ?? '', 'base64').toString('utf8'));
    if (!organizations.includes(wellKnown.masters)) return;
    throw forbidden(attempt, `use of ${clientSigner} signer with ${wellKnown.masters} group is not allowed`);
  },
};
