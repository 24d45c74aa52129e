/** The place of a proxied server, as its client sees it. */
export interface ProxiedPlace {
  /** Path of the proxy's root, without a slash at its end. */
  readonly root: string;
  /** `address:port` of the server behind the proxy. */
  readonly host: string;
  /** Host header of the client's request. */
  readonly clientHost: string;
}

/** Absolute paths, and addresses that name a host. Relative links lead below the proxy as they are. */
const absolute = /^[\0-\x20]*(?:(https?):[\\/]|[\\/])/i;

/**
 * A link of a proxied server, such that it leads through the proxy: absolute paths, and addresses of the server by its own host or by the
 * one that the client asked, get the proxy's root before their path, once. Kubernetes' rule; all other links are returned as they are.
 * @param link Bytes as characters: those from 0x80 on are percent-encoded.
 */
export function linkBelow(link: string, { root, host, clientHost }: ProxiedPlace): string {
  const [found, scheme] = absolute.exec(link) ?? [];
  if (found === undefined) return link;
  const text = link.replace(/[\x80-\xff]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const base = `http://${host}`;
  if (!URL.canParse(text, base)) return link;
  const url = new URL(text, base);
  const namesHost = scheme !== undefined || /^[\0-\x20]*[\\/][\t\n\r]*[\\/]/.test(link);
  const isClients = namesHost && isHost(url, clientHost);
  if (namesHost && !isClients && !isHost(url, host)) return link;
  const isBelow = url.pathname === root || url.pathname.startsWith(`${root}/`);
  if (isBelow && (isClients || !namesHost)) return link;
  const origin = isClients ? `${scheme === undefined ? '' : url.protocol}//${url.host}` : '';
  return `${origin}${isBelow ? '' : root}${url.pathname}${url.search}${url.hash}`;
}

/** Whether an address is one of a host. A port that its scheme implies may be left out. */
function isHost(url: URL, host: string): boolean {
  const other = `${url.protocol}//${host}`;
  return host !== '' && URL.canParse(other) && new URL(other).host === url.host;
}
