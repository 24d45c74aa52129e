import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Container, HTTPGetAction } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Bytes of an answer that are read; the rest is not waited for. */
const maxBodyBytes = 10 * 1024;

/** Where a request goes. */
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
}

/** The number of a port that a probe names, by number or by the name of a container port. Throws Invalid where there is none. */
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

/** Where an httpGet goes: to the pod where it names no host. */
export function httpTargetOf(action: HTTPGetAction, container: Container, podIp: string): HttpTarget {
  const path = action.path || '/';
  return {
    scheme: action.scheme === 'HTTPS' ? 'https' : 'http',
    host: action.host || podIp,
    port: portOf(action.port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: (action.httpHeaders ?? []).map(({ name, value }) => [name ?? '', value ?? '']),
  };
}

/** A GET without redirects, on a connection of its own; certificates are not checked, as with Kubernetes. */
export function httpGet(target: HttpTarget, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer> {
  const send = target.scheme === 'https' ? httpsRequest : httpRequest;
  const headers = {
    'user-agent': 'gantry-probe/1',
    accept: '*/*',
    connection: 'close',
    ...Object.fromEntries(target.headers),
  };
  return new Promise((resolve, reject) => {
    const outgoing = send(
      {
        host: target.host,
        port: target.port,
        path: target.path,
        headers,
        agent: false,
        rejectUnauthorized: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      },
      (incoming) => {
        let body = '';
        const answer = (): void => {
          resolve({ statusCode: incoming.statusCode ?? 0, body });
          incoming.destroy();
        };
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          body += chunk;
          if (body.length >= maxBodyBytes) answer();
        });
        incoming.on('end', answer);
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.name === 'AbortError' || error.name === 'TimeoutError' ? 'context deadline exceeded' : error.message;
      reject(new GantryError('ServiceUnavailable', `Get "${urlOf(target)}": ${why}`, { cause: error }));
    });
    outgoing.end();
  });
}

function urlOf({ scheme, host, port, path }: HttpTarget): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
