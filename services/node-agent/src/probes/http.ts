import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Container, HTTPGetAction } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Bytes of an answer that are read; the rest is not waited for. */
const maxBodyBytes = 10 * 1024;
/** Requests of one GET, redirects included. */
const maxRedirects = 10;

/** The address of a request, and its headers as they are written in the spec. */
export interface HttpTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
  /** The Location header. */
  readonly location: string | undefined;
}

/** The number of a port that a probe names, by number or by the name of a container port. Throws Invalid if there is none. */
export function portOf(port: number | string | undefined, container: Container): number {
  const number =
    typeof port === 'number' || /^\d+$/.test(port ?? '')
      ? Number(port)
      : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (number === undefined || number < 1 || number > 65_535) {
    throw new GantryError(
      'Invalid',
      `couldn't find port: ${JSON.stringify(port ?? '')} in container ${container.name}`,
    );
  }
  return number;
}

/** The target of an httpGet: the pod where it names no host. */
export function httpTargetOf(action: HTTPGetAction, container: Container, podIp: string): HttpTarget {
  const path = escapePath(action.path || '/');
  return {
    scheme: action.scheme === 'HTTPS' ? 'https' : 'http',
    host: action.host || podIp,
    port: portOf(action.port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: (action.httpHeaders ?? []).map(({ name, value }) => [name ?? '', value ?? '']),
  };
}

/**
 * The request target of a path as a spec writes it, by the rules of Go's net/url: what may not stand in a path is percent-encoded,
 * encodings that are there stay, a query stays and a fragment is not sent. A path with a broken encoding is taken by the letter.
 */
export function escapePath(path: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return encoded(path, /[A-Za-z0-9\-._~$&+,/:;=@!'()*]/);
  const [beforeFragment = ''] = path.split('#');
  const mark = beforeFragment.indexOf('?');
  const [name, query] = mark < 0 ? [beforeFragment, ''] : [beforeFragment.slice(0, mark), beforeFragment.slice(mark)];
  return encoded(name, /[A-Za-z0-9\-._~$&+,/:;=@!'()*%[\]]/) + encoded(query, /[!-~]/);
}

function encoded(text: string, allowed: RegExp): string {
  return Array.from(text.toWellFormed(), (character) =>
    allowed.test(character)
      ? character
      : Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  ).join('');
}

/**
 * A GET on a connection of its own; certificates are not checked, as with Kubernetes. Redirects are followed on the same host, at
 * most 10; one to another host is the answer.
 */
export async function httpGet(target: HttpTarget, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let at = target;
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(at, stop);
    const next = redirectOf(answer, at);
    if (next === undefined) return answer;
    if (redirects + 1 >= maxRedirects) {
      throw new GantryError('ServiceUnavailable', `Get "${urlOf(next)}": stopped after ${maxRedirects} redirects`);
    }
    at = next;
  }
}

const redirectCodes: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The target that an answer redirects to; undefined for other answers and for redirects to another host. */
function redirectOf({ statusCode, location }: HttpAnswer, from: HttpTarget): HttpTarget | undefined {
  if (!redirectCodes.has(statusCode) || !location || !URL.canParse(location, urlOf(from))) return undefined;
  const url = new URL(location, urlOf(from));
  const scheme = url.protocol === 'https:' ? 'https' : url.protocol === 'http:' ? 'http' : undefined;
  if (scheme === undefined || url.hostname !== new URL(urlOf(from)).hostname) return undefined;
  const port = url.port === '' ? defaultPorts[scheme] : Number(url.port);
  return { ...from, scheme, port, path: `${url.pathname}${url.search}` };
}

const defaultPorts = { http: 80, https: 443 } as const;

/** Headers by lower-case name with all of their values; an empty Accept or User-Agent is not sent. */
function headersOf(target: HttpTarget): Record<string, string | string[]> {
  const byName = Map.groupBy(target.headers, ([name]) => name.toLowerCase());
  const given = Object.fromEntries([...byName].map(([name, entries]) => [name, entries.map(([, value]) => value)]));
  const defaults: Record<string, string[]> = { 'user-agent': ['gantry-probe/1'], accept: ['*/*'] };
  const { host, ...rest } = { ...defaults, ...given };
  const sent = Object.entries(rest).filter(
    ([name, values]) => values[0] !== '' || (name !== 'accept' && name !== 'user-agent'),
  );
  return { ...Object.fromEntries(sent), connection: 'close', ...(host?.[0] ? { host: host[0] } : {}) };
}

function getOnce(target: HttpTarget, signal: AbortSignal): Promise<HttpAnswer> {
  const send = target.scheme === 'https' ? httpsRequest : httpRequest;
  const { host, port, path } = target;
  const failure = (error: Error): GantryError => {
    const isTimeout = error.name === 'AbortError' || error.name === 'TimeoutError';
    const why = isTimeout ? 'context deadline exceeded' : error.message;
    return new GantryError('ServiceUnavailable', `Get "${urlOf(target)}": ${why}`, { cause: error });
  };
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  try {
    const options = { host, port, path, headers: headersOf(target), agent: false, rejectUnauthorized: false, signal };
    const outgoing = send(options, (incoming) => {
      let body = '';
      const answer = (): void => {
        resolve({ statusCode: incoming.statusCode ?? 0, body, location: incoming.headers.location });
        incoming.destroy();
      };
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        body += chunk;
        if (body.length >= maxBodyBytes) answer();
      });
      incoming.on('end', answer);
      incoming.on('error', (error) => reject(failure(error)));
    });
    outgoing.on('error', (error) => reject(failure(error)));
    outgoing.end();
  } catch (error) {
    // Node refuses headers that cannot be sent before it connects.
    reject(failure(error as Error));
  }
  return promise;
}

function urlOf({ scheme, host, port, path }: HttpTarget): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
