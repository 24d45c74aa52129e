/** The documents by which others verify service accounts' tokens: OpenID Connect discovery. */
import { tokenIssuer } from '../auth/tokens/claims.ts';
import { signatureAlgorithm, type TokenKeys } from '../auth/tokens/keys.ts';
import type { Incoming } from './body.ts';

const keySetPath = '/openid/v1/jwks';

/** A document with the media type that its standard asks for. */
export interface OpenIdDocument {
  readonly mediaType: string;
  readonly document: object;
}

/** The host, with its port where that is another than 443, by which a client reached this server: its certificate is good for that name. */
export function reachedAt({ headers }: Incoming): string | undefined {
  const { host = headers[':authority'] } = headers;
  return typeof host === 'string' && /^[\w.:[\]-]+$/.test(host) ? host : undefined;
}

/** The document at a path; undefined where there is none. @param address The host, with or without a port, at which the client reached this server. */
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
