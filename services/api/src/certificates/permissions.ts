import { builtIn } from '@gantry/model/built-in.ts';
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { type Authorizer, attemptOn } from '../auth/authorization.ts';
import { type Restriction, refusal } from '../auth/restriction.ts';
import { type User, wellKnown } from '../auth/user.ts';

const kind = builtIn.kindOf('certificates.k8s.io', 'CertificateSigningRequest')!;
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Keeps users from approving requests, and from signing them, whom no role lets do so for the request's signer. Throws Forbidden. */
export function signerRestriction(decide: Authorizer): Restriction {
  return (user, attempt) => {
    const { kind: written, subresource, object, stored } = attempt;
    if (written.kind !== kind.kind || written.group !== kind.group || object === undefined || stored === undefined)
      return;
    const [before, after] = [stored, object] as unknown as [CertificateSigningRequest, CertificateSigningRequest];
    const isSigning = subresource === 'status' && signs(before, after);
    const verb = subresource === 'approval' ? 'approve' : isSigning ? 'sign' : undefined;
    const { signerName = '' } = before.spec;
    if (verb === undefined || mayFor(decide, user, verb, signerName)) return;
    throw refusal(attempt, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
  };
}

/** Whether a change is a signer's: it issues the certificate, or says that it cannot. */
function signs(before: CertificateSigningRequest, after: CertificateSigningRequest): boolean {
  const failed = ({ status }: CertificateSigningRequest): boolean =>
    status?.conditions?.some(({ type }) => type === 'Failed') ?? false;
  return (before.status?.certificate ?? '') !== (after.status?.certificate ?? '') || failed(before) !== failed(after);
}

/** A role names the signer itself, or all of its domain. */
function mayFor(decide: Authorizer, user: User, verb: 'approve' | 'sign', signerName: string): boolean {
  const [domain = ''] = signerName.split('/', 1);
  return [signerName, `${domain}/*`].some(
    (name) => decide(user, attemptOn(verb, 'signers.certificates.k8s.io', { name })).decision === 'allow',
  );
}

/** Refuses requests for a client certificate of the group that may do everything: nobody is to approve one by mistake. */
export const requestAdmission: AdmissionPlugin = {
  admit: async ({ object, stored }) => {
    const spec = (object?.spec ?? {}) as CertificateSigningRequest['spec'];
    if (stored === undefined && spec.signerName === clientSigner) {
      const { readRequest } = await import('@gantry/pki/request.ts');
      const { organizations } = readRequest(Buffer.from(spec.request ?? '', 'base64').toString('utf8'));
      if (organizations.includes(wellKnown.masters)) {
        const problem = `use of ${clientSigner} signer with ${wellKnown.masters} group is not allowed`;
        throw refusal({ kind, name: object?.metadata.name ?? '' }, problem);
      }
    }
    return { object, operations: [] };
  },
};
