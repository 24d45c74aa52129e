import { readFile } from 'node:fs/promises';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type BuiltImage, buildImage, type LayerEntry } from './image.ts';

/** Name of the image whose one process holds a pod's namespaces open. */
export const pauseImageName = 'gantry.dev/pause:1';
/** Name of a small image with a shell and the usual tools. */
export const busyboxImageName = 'gantry.dev/busybox:1';

const busyboxPaths = ['/bin/busybox', '/usr/bin/busybox'];

/** Debian's statically linked busybox. FailedPrecondition if it is not installed. */
export async function readBusybox(): Promise<Buffer> {
  for (const path of busyboxPaths) {
    const content = await readFile(path).catch(() => undefined);
    if (content) return content;
  }
  throw new GantryError('FailedPrecondition', 'busybox is not installed; it comes with the package busybox-static');
}

/**
 * The pause image: a shell that waits for ever. With a shared PID namespace it is process 1 of the whole pod, where a waiting shell
 * takes in what orphans leave behind.
 */
export async function pauseImage(name = pauseImageName): Promise<BuiltImage> {
  return buildImage({
    name,
    layers: [busyboxLayer(await readBusybox(), ['sh', 'sleep'])],
    entrypoint: ['/bin/sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 86400 & wait $!; done'],
  });
}

/** A busybox image for samples and tests; more layers may lie on top. */
export async function busyboxImage(
  options: {
    readonly name?: string;
    readonly layers?: readonly (readonly LayerEntry[])[];
    readonly entrypoint?: readonly string[];
    readonly command?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly user?: string;
  } = {},
): Promise<BuiltImage> {
  const { name = busyboxImageName, layers = [], command = ['sh'], ...rest } = options;
  return buildImage({ ...rest, name, command, layers: [busyboxLayer(await readBusybox(), applets), ...layers] });
}

// The tools that scripts of samples and tests use, each a link to the one binary.
const applets =
  'awk basename cat chmod chown cp cut date dd df dirname du echo env expr false find grep head hostname httpd id ip kill ln ls mkdir mount mv nc netstat nslookup ping printenv printf ps pwd rm sed seq sh sleep sort stat stty sync tail tar tee test timeout top touch tr true umount uname uniq vi wc wget which whoami xargs yes'.split(
    ' ',
  );

function busyboxLayer(busybox: Buffer, links: readonly string[]): LayerEntry[] {
  const file = (path: string, content: string): LayerEntry => ({ kind: 'file', path, content });
  return [
    { kind: 'directory', path: 'bin' },
    { kind: 'file', path: 'bin/busybox', content: busybox, mode: 0o755 },
    ...links.map((name): LayerEntry => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'directory', path: 'etc' },
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    { kind: 'directory', path: 'root', mode: 0o700 },
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
  ];
}
