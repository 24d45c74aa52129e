import { join } from 'node:path';
import { writeImageTar } from '@gantry/node-agent/images/image.ts';
import { busyboxImage } from '@gantry/node-agent/images/local.ts';

/** A page that says its version, and misbehaves as its environment says: VERSION, DELAY_SECONDS, ERROR_PERCENT. */
export const pageImage = 'gantry.dev/page:1';
/** An image that no node has, and no registry. */
export const missingImage = 'gantry.dev/page:missing';

/** Requests of the kubelet's probes are answered well and at once: a bad page is one that its probes do not find. */
const answer = `#!/bin/sh
case $HTTP_USER_AGENT in
  gantry-probe*) ;;
  *)
    [ "\${DELAY_SECONDS:-0}" = 0 ] || sleep "$DELAY_SECONDS"
    number=$(head -c 2 /dev/urandom | busybox od -An -tu2)
    [ $((number % 100)) -lt "\${ERROR_PERCENT:-0}" ] && printf 'Status: 503 Service Unavailable\\r\\n'
    ;;
esac
printf 'Content-Type: text/plain\\r\\n\\r\\nversion %s\\n' "$VERSION"
`;

/** A page that behaves well is a file, which costs next to nothing. */
const serve = `folder=www
if [ -z "$DELAY_SECONDS$ERROR_PERCENT" ]; then
  folder=tmp
  echo "version $VERSION" > tmp/index.html
fi
busybox httpd -f -p 8080 -h "$folder" &
trap 'kill $!; exit 0' TERM
wait $!`;

/** Writes the page's image into the folder from which nodes take images in. */
export async function writePageImage(imagesDir: string): Promise<void> {
  const image = await busyboxImage({
    name: pageImage,
    layers: [
      [
        { kind: 'directory', path: 'www' },
        { kind: 'directory', path: 'www/cgi-bin' },
        { kind: 'file', path: 'www/cgi-bin/index.cgi', content: answer, mode: 0o755 },
      ],
    ],
    command: ['sh', '-c', serve],
  });
  await writeImageTar(join(imagesDir, 'page.tar'), [image]);
}
