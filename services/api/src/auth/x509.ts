import type { VerifiedCertificate } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Authenticator } from './authentication.ts';
import { type User, wellKnown } from './user.ts';

/** Users by their certificates, which are one object a connection. */
const users = new WeakMap<VerifiedCertificate, User>();

/**
 * The user that a client certificate of the cluster's authority names: its common name, in the groups that are its organizations. A
 * connection may outlive its certificate: from then on its calls are Unauthorized.
 * @param nowMs Milliseconds since the epoch.
 */
export function clientCertificate(nowMs: () => number): Authenticator {
  return ({ certificate }) => {
    if (certificate === undefined) return undefined;
    if (certificate.notAfterMs <= nowMs()) {
      const ended = new Date(certificate.notAfterMs).toISOString();
      throw new GantryError(
        'Unauthorized',
        `Unauthorized: the certificate of ${certificate.commonName} ended at ${ended}`,
      );
    }
    let user = users.get(certificate);
    if (user === undefined) {
      user = userOf(certificate);
      users.set(certificate, user);
    }
    return user;
  };
}

function userOf({ commonName, organizations, fingerprint }: VerifiedCertificate): User {
  return {
    name: commonName,
    groups: [...organizations, wellKnown.authenticated],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}
