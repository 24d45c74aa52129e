import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@gantry/client/client.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import { decodeManifest } from '@gantry/model/decode.ts';
import { writeImageTar } from '@gantry/node-agent/images/image.ts';
import { busyboxImage } from '@gantry/node-agent/images/local.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { splitDocuments } from '../manifests.ts';

/** The sample's manifests: for real containers, and for processes, which share the machine's ports. */
const manifests = { cri: 'examples/hello.yaml', process: 'examples/hello-process.yaml' } as const;

/**
 * A page that tells which pod answered. busybox's httpd runs it for every request to its root; what it writes on standard error is
 * in the pod's log, where probes would bury the requests of users.
 */
const page = (version: string): string => `#!/bin/sh
case $HTTP_USER_AGENT in gantry-probe*) ;; *) echo "GET / for $REMOTE_ADDR" >&2 ;; esac
printf 'Content-Type: text/plain\\r\\n\\r\\n'
printf '%s (version ${version}), from pod %s on %s\\n' "$GREETING" "$POD_NAME" "$NODE_NAME"
`;

/**
 * The web server, which ends when it is asked to: process 1 of a container hears no signal that it does not wait for. Paths go by
 * the image's root also where that is no root of its own.
 */
const serve = `busybox httpd -f -p "$PORT" -h www &
trap 'kill $!; exit 0' TERM
echo "listening on port $PORT"
wait $!`;

/** Names of the sample's images: two versions, for rolling from one to the other. */
export const sampleImages = ['gantry.dev/hello:1', 'gantry.dev/hello:2'] as const;

/** Builds the sample's images into the folder from which nodes take images in. */
export async function writeSampleImages(imagesDir: string): Promise<void> {
  await mkdir(imagesDir, { recursive: true });
  const images = await Promise.all(
    sampleImages.map((name) =>
      busyboxImage({
        name,
        layers: [
          [
            { kind: 'directory', path: 'www' },
            { kind: 'directory', path: 'www/cgi-bin' },
            { kind: 'file', path: 'www/cgi-bin/index.cgi', content: page(name.split(':')[1]!), mode: 0o755 },
          ],
        ],
        command: ['sh', '-c', serve],
        env: { PORT: '8080' },
      }),
    ),
  );
  await writeImageTar(join(imagesDir, 'hello.tar'), images);
}

/** Address of the sample behind Envoy. */
export const sampleUrl = 'http://localhost:8080/';

const answerPollMs = 100;
/** How long Envoy may take from a pod that is ready to its first answer. */
const answerTimeoutMs = 15_000;

/** Asks the sample until it answers; undefined where it does not, or somebody else answers in its place. */
export async function askSample(clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  for (const deadline = clock.monotonic() + answerTimeoutMs; clock.monotonic() < deadline && !signal.aborted; ) {
    try {
      const response = await fetch(sampleUrl, { signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]) });
      const text = await response.text();
      if (text.includes(', from pod hello-')) return text.trim();
    } catch {
      // Envoy does not listen yet.
    }
    await clock.sleep(answerPollMs, signal).catch(() => {});
  }
  return undefined;
}

/**
 * Applies the missing objects of the sample application that suits the driver; existing ones may have been changed by their user.
 * Resolves with the manifest's path in the project.
 */
export async function applySample(
  client: Client,
  driver: keyof typeof manifests,
  signal: AbortSignal,
): Promise<string> {
  const path = manifests[driver];
  const text = await readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
  for (const document of splitDocuments(text, path)) {
    const { kind, metadata } = decodeManifest(document.text);
    const name = { namespace: 'default', name: metadata.name };
    const isThere = await client.get(kind as KindName, name, { signal }).then(
      () => true,
      (error: unknown) => {
        if (isError(error, 'NotFound')) return false;
        throw error;
      },
    );
    if (!isThere) await client.apply(document.text, { signal, defaultNamespace: 'default' });
  }
  return path;
}
