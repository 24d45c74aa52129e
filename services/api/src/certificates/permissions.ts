import { builtIn } from '@gantry/model/built-in.ts';
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { type Authorize, attemptOn } from '../auth/authorization.ts';
import { type User, wellKnown } from '../auth/user.ts';
import { infoOf } from '../core/keys.ts';
import type { AnyObject } from '../core/stored-object.ts';

const kind = builtIn.kindOf('certificates.k8s.io', 'CertificateSigningRequest')!;
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/**
 * Keeps users from approving requests, and from signing them, whom no role lets do so for the request's signer. Throws Forbidden.
 * @param subresource The part that is written.
 */
export function checkSignerPermission(
  authorize: Authorize,
  user: User,
  written: Pick<Kind, 'kind' | 'group'>,
  subresource: string,
  wanted: AnyObject,
  stored: AnyObject,
): void {
  if (written.kind !== kind.kind || written.group !== kind.group) return;
  const [before, after] = [stored, wanted] as unknown as [CertificateSigningRequest, CertificateSigningRequest];
  const isSigning = subresource === 'status' && signs(before, after);
  const verb = subresource === 'approval' ? 'approve' : isSigning ? 'sign' : undefined;
  const { signerName = '' } = before.spec;
  if (verb === undefined || mayFor(authorize, user, verb, signerName)) return;
  const problem = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`;
  throw forbidden(before.metadata.name, problem);
}

/** Whether a change is a signer's: it issues the certificate, or says that it cannot. */
function signs(before: CertificateSigningRequest, after: CertificateSigningRequest): boolean {
  const failed = ({ status }: CertificateSigningRequest): boolean =>
    status?.conditions?.some(({ type }) => type === 'Failed') ?? false;
  return (before.status?.certificate ?? '') !== (after.status?.certificate ?? '') || failed(before) !== failed(after);
}

/** A role names the signer itself, or all of its domain. */
function mayFor(authorize: Authorize, user: User, verb: 'approve' | 'sign', signerName: string): boolean {
  const [domain = ''] = signerName.split('/', 1);
  return [signerName, `${domain}/*`].some((name) => {
    try {
      authorize(user, attemptOn(verb, 'signers.certificates.k8s.io', { name }));
      return true;
    } catch (error) {
      if (isError(error, 'Forbidden')) return false;
      throw error;
    }
  });
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
        throw forbidden(object?.metadata.name ?? '', problem);
      }
    }
    return { object, operations: [] };
  },
};

function forbidden(name: string, problem: string): GantryError {
  const resource = 'certificatesigningrequests.certificates.k8s.io';
  return new GantryError('Forbidden', `${resource} ${JSON.stringify(name)} is forbidden: ${problem}`, {
    resource: infoOf(kind, name),
  });
}
