/** Places that the api calls: the client configuration of a webhook, and the service of an aggregated api server. */
export interface CalloutTarget {
  /** `https://host[:port][/path]`; either this or `service`. */
  readonly url?: string | undefined;
  readonly service?: CalloutService | undefined;
  /** Authorities that the server's certificate must be of, PEM in base64 as objects have it; the system's where it is absent. */
  readonly caBundle?: string | undefined;
  /** Takes any certificate of the server. */
  readonly insecure?: boolean | undefined;
}

/** A service of the cluster, as objects refer to it. */
export interface CalloutService {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string | undefined;
  /** 443 if absent. */
  readonly port?: number | undefined;
}

/** Port of services and addresses that name none. */
const defaultPort = 443;

/** Name that the certificate of a service's server must hold. */
export function serverNameOf({ name, namespace }: Pick<CalloutService, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc`;
}

/** The address of a target as it is asked and as errors name it. Throws a TypeError for one that is no URL. */
export function addressOf({ url, service }: CalloutTarget): URL {
  const address = new URL(
    service === undefined
      ? (url ?? '')
      : `https://${serverNameOf(service)}:${service.port ?? defaultPort}/${service.path ?? ''}`,
  );
  address.pathname = `/${address.pathname.split('/').filter(Boolean).join('/')}`;
  return address;
}

/** An address in words, with the port of a service even where it is the usual one. */
export function textOf(address: URL, { service }: CalloutTarget): string {
  const port = service === undefined || address.port !== '' ? '' : `:${service.port ?? defaultPort}`;
  return `${address.protocol}//${address.host}${port}${address.pathname}${address.search}`;
}

/** Port of an address. */
export function portOf({ port }: URL): number {
  return port === '' ? defaultPort : Number(port);
}
