/** The documents by which others verify service accounts' tokens: OpenID Connect discovery. */
import { formatAddress } from '@gantry/runtime/address.ts';
import { tokenIssuer } from '../auth/tokens/claims.ts';
import { signatureAlgorithm, type TokenKeys } from '../auth/tokens/keys.ts';
import type { Incoming } from './body.ts';

const keySetPath = '/openid/v1/jwks';

/** A document with the media type that its standard asks for. */
export interface OpenIdDocument {
  readonly mediaType: string;
  readonly document: object;
}

/** `host:port` at which a client reached this server, such as a pod by a service; undefined once it is gone. */
export function reachedAt({ socket: { localAddress, localPort } }: Incoming): string | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined;
  return formatAddress(localAddress.replace(/^::ffff:/, ''), localPort);
}

/** The document at a path; undefined where there is none. @param address `host:port` at which the client reached this server. */
export async function openIdDocumentAt(
  path: string,
  keys: TokenKeys,
  address: string,
): Promise<OpenIdDocument | undefined> {
  switch (path) {
    case '/.well-known/openid-configuration':
      return {
        mediaType: 'application/json',
        document: {
          issuer: tokenIssuer,
          jwks_uri: `https://${address}${keySetPath}`,
          response_types_supported: ['id_token'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: [signatureAlgorithm],
        },
      };
    case keySetPath:
      return { mediaType: 'application/jwk-set+json', document: await keys.published() };
    default:
      return undefined;
  }
}
