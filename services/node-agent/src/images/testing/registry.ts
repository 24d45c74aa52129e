import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BuiltImage } from '../image.ts';

/** A registry for tests. */
export interface TestRegistry extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
}

/** Serves images by plain HTTP as the OCI distribution-spec 1.0 has it, for pulls only; a password guards those named `private/…`. */
export async function startTestRegistry(
  host: string,
  images: readonly BuiltImage[],
  credentials: { readonly username: string; readonly password: string },
): Promise<TestRegistry> {
  const blobs = new Map(
    images.flatMap((image) => [image.manifest, ...image.blobs]).map((blob) => [blob.descriptor.digest, blob]),
  );
  const tags = new Map(images.map((image) => [image.name, image.manifest]));
  const authorization = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    requests.push(path);
    if (path.startsWith('/v2/private/') && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const [, name, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    const found = blobs.get(reference ?? '') ?? (kind === 'manifests' ? tags.get(`${name}:${reference}`) : undefined);
    if (!found) {
      response.writeHead(path === '/v2/' ? 200 : 404, { 'content-type': 'application/json' }).end('{"errors":[]}');
      return;
    }
    response.writeHead(200, {
      'content-type': found.descriptor.mediaType,
      'content-length': found.content.length,
      'docker-content-digest': found.descriptor.digest,
    });
    response.end(request.method === 'HEAD' ? undefined : found.content);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
