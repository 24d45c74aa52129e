/** TLS of an Envoy to its ADS server, with a certificate of its own. Envoy follows the files while it runs. */
import { dirname, join } from 'node:path';

/** How Envoy proves its name to the ADS server, and knows the server by its own. */
export interface AdsTls {
  /** Folder with the files of `adsSecrets`. */
  readonly secretsDir: string;
  /** DNS name that the server's certificate must have. */
  readonly serverName: string;
}

/** Files in PEM, in a folder that is theirs. */
export interface AdsTlsFiles {
  /** Authority of the server's certificate. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const certificateName = 'own_certificate';
const authorityName = 'servers_authority';

/**
 * The files by which Envoy finds the secrets, by name, each one's content in JSON. A file in PEM that is renamed into its place takes effect for
 * new connections.
 */
export function adsSecrets({ ca, cert, key }: AdsTlsFiles): Readonly<Record<string, object>> {
  const type = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
  const own = {
    certificate_chain: { filename: cert },
    private_key: { filename: key },
    watched_directory: { path: dirname(cert) },
  };
  const trusted = { trusted_ca: { filename: ca }, watched_directory: { path: dirname(ca) } };
  const file = (name: string, secret: object): object => ({ resources: [{ '@type': type, name, ...secret }] });
  return {
    [fileOf(certificateName)]: file(certificateName, { tls_certificate: own }),
    [fileOf(authorityName)]: file(authorityName, { validation_context: trusted }),
  };
}

function fileOf(name: string): string {
  return `${name}.json`;
}

/** The transport socket of a cluster that leads to the ADS server. */
export function adsTransportSocket({ secretsDir, serverName }: AdsTls): object {
  const secret = (name: string): object => ({
    name,
    sds_config: { path_config_source: { path: join(secretsDir, fileOf(name)) }, resource_api_version: 'V3' },
  });
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      sni: serverName,
      common_tls_context: {
        tls_certificate_sds_secret_configs: [secret(certificateName)],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: serverName } }],
          },
          validation_context_sds_secret_config: secret(authorityName),
        },
        alpn_protocols: ['h2'],
      },
    },
  };
}
