import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuiltImage, buildImage, type LayerEntry, writeImageTar } from '@gantry/node-agent/images/image.ts';
import { busyboxImage, pauseImage, readBusybox } from '@gantry/node-agent/images/local.ts';
import { file, parents, program } from './layers.ts';
import { machineTools, packageTool, stress } from './tools.ts';

/** Writes the images that the tests name into the folder from which nodes take images in. */
export async function writeTestImages(programs: string, imagesDir: string): Promise<void> {
  await mkdir(imagesDir, { recursive: true });
  for (const [file, images] of Object.entries(await testImages(programs)))
    await writeImageTar(join(imagesDir, `${file}.tar`), images);
}

/**
 * Builds the images that the tests name, by the file that they go to. The programs are those that the suite was
 * built with and those of this machine: busybox, and further tools where they are installed. A web server of busybox stands in for
 * nginx, at the paths that the tests ask for.
 */
export async function testImages(programs: string): Promise<Readonly<Record<string, readonly BuiltImage[]>>> {
  const tools = await machineTools(programs);
  const agnhost = await agnhostLayers(programs, tools);
  const images: Record<string, Promise<BuiltImage>[]> = {
    agnhost: ['agnhost:2.66.1', 'agnhost:2.55'].map((name) => agnhostImage(name, agnhost)),
    pause: [pauseImage(`${registry}/pause:3.10.2`)],
    busybox: [
      busyboxImage({
        name: `${testRegistry}/busybox:1.37.0-2`,
        layers: [await busyboxLayer(), tools.filter(({ path }) => path !== 'bin/nc')],
      }),
      busyboxImage({ name: `${testRegistry}/nonroot:1.5`, user: '1234' }),
    ],
    nginx: ['nginx:1.27.0-2', 'nginx:1.28.0-2'].map((name) => webServerImage(name)),
    tools: ['glibc-dns-testing:2.1.1', 'ipc-utils:1.4'].map((name) =>
      busyboxImage({ name: `${testRegistry}/${name}`, layers: [tools] }),
    ),
    privileges: [privilegesImage(programs)],
    connections: [connectionsImage(programs)],
    pets: ['nautilus', 'kitten'].map((pet) => petImage(programs, pet, agnhost)),
    servers: [serverImage(programs)],
    etcd: [etcdImage(programs)],
    consumer: [consumerImage(programs)],
  };
  const built = Object.entries(images).map(async ([file, of]) => [file, await Promise.all(of)] as const);
  return Object.fromEntries(await Promise.all(built));
}

const registry = 'registry.k8s.io';
const testRegistry = `${registry}/e2e-test-images`;

async function agnhostLayers(programs: string, tools: readonly LayerEntry[]): Promise<readonly LayerEntry[][]> {
  const files = ['localhost.crt', 'localhost.key'];
  return [
    await busyboxLayer(),
    [
      ...tools,
      file('etc/passwd', `${rootUser}user-defined-in-image:x:1000:1000::/home:/bin/sh\n`),
      file(
        'etc/group',
        `root:x:0:\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n`,
      ),
      { kind: 'directory', path: 'uploads' },
      { kind: 'file', path: 'agnhost', content: await readFile(join(programs, 'agnhost')), mode: 0o755 },
      { kind: 'symlink', path: 'agnhost-2', target: 'agnhost' },
      ...(await Promise.all(files.map(async (name) => file(name, await readFile(join(programs, name)))))),
      ...registryEntries('pause', 'testing', await pauseImage(`${registry}/pause:testing`)),
    ],
  ];
}

/** An image in the folder from which agnhost's registry serves images. */
function registryEntries(name: string, tag: string, { manifest, blobs }: BuiltImage): LayerEntry[] {
  const [manifests, others] = [`var/registry/${name}/manifests`, `var/registry/${name}/blobs`];
  const contents = [
    file(`${manifests}/${tag}`, `${manifest.descriptor.digest}\n`),
    file(`${manifests}/${pathOfDigest(manifest.descriptor.digest)}`, manifest.content),
    ...blobs.map(({ descriptor, content }) => file(`${others}/${pathOfDigest(descriptor.digest)}`, content)),
  ];
  const folders = new Map(contents.flatMap(({ path }) => parents(dirname(path))).map((each) => [each.path, each]));
  return [...folders.values(), ...contents];
}

/** Path of a blob below its folder in a registry's usual layout. */
function pathOfDigest(digest: string): string {
  const [algorithm = '', hash = ''] = digest.split(':');
  return `${algorithm}/${hash.slice(0, 2)}/${hash}/data`;
}

const rootUser = 'root:x:0:0:root:/root:/bin/sh\n';

function agnhostImage(name: string, layers: readonly LayerEntry[][]): Promise<BuiltImage> {
  return buildImage({ name: `${testRegistry}/${name}`, layers, entrypoint: ['/agnhost'], command: ['pause'] });
}

/** Serves a page at nginx's port and paths. */
async function webServerImage(name: string): Promise<BuiltImage> {
  const root = 'usr/share/nginx/html';
  return busyboxImage({
    name: `${testRegistry}/${name}`,
    layers: [
      [
        ...parents(root),
        file(`${root}/index.html`, '<html><head><title>Welcome to nginx!</title></head><body>nginx</body></html>\n'),
      ],
    ],
    command: ['httpd', '-f', '-p', '80', '-h', `/${root}`],
  });
}

async function petImage(programs: string, pet: string, agnhost: readonly LayerEntry[][]): Promise<BuiltImage> {
  const data = await readFile(join(programs, `${pet}.json`));
  return buildImage({
    name: `${testRegistry}/${pet}:1.8`,
    layers: [...agnhost, [file('data.json', data)]],
    entrypoint: ['/agnhost'],
    command: ['test-webserver'],
  });
}

async function serverImage(programs: string): Promise<BuiltImage> {
  const content = await readFile(join(programs, 'sample-apiserver'));
  return buildImage({
    name: `${testRegistry}/sample-apiserver:1.29.2`,
    layers: [[{ kind: 'directory', path: 'tmp', mode: 0o1777 }], [program('sample-apiserver', content)]],
    entrypoint: ['/sample-apiserver'],
  });
}

/** Says the user that it runs as; its owner is root, and its set-user-ID bit is set. */
async function privilegesImage(programs: string): Promise<BuiltImage> {
  const content = await readFile(join(programs, 'nonewprivs'));
  return busyboxImage({
    name: `${testRegistry}/nonewprivs:1.4`,
    layers: [[...parents('usr/local/bin'), { ...program('usr/local/bin/nnp', content), mode: 0o4755 }]],
    command: ['nnp'],
  });
}

/** A server and a client that tell of packets that the connection tracking of a node let pass, though it should not. */
async function connectionsImage(programs: string): Promise<BuiltImage> {
  const content = await readFile(join(programs, 'regression-issue-74839'));
  return buildImage({
    name: `${testRegistry}/regression-issue-74839:1.5`,
    layers: [[program('regression-issue-74839', content)]],
    entrypoint: ['/regression-issue-74839'],
  });
}

async function etcdImage(programs: string): Promise<BuiltImage> {
  const content = await readFile(join(programs, 'etcd'));
  return busyboxImage({
    name: `${registry}/etcd:3.7.0-0`,
    layers: [[...parents('usr/local/bin'), program('usr/local/bin/etcd', content)]],
  });
}

/** Uses cpu and memory as it is told; the latter by Debian's stress, where that can be had. */
async function consumerImage(programs: string): Promise<BuiltImage> {
  const own = ['consumer', 'consume-cpu'].map(async (name) => program(name, await readFile(join(programs, name))));
  return buildImage({
    name: `${testRegistry}/resource-consumer:1.14`,
    layers: [await busyboxLayer(), await packageTool(programs, stress), await Promise.all(own)],
    entrypoint: ['/consumer'],
  });
}

/** All tools of busybox at the paths of its own list. */
async function busyboxLayer(): Promise<LayerEntry[]> {
  const busybox = await readBusybox();
  const names = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    { kind: 'directory', path: 'bin' },
    program('bin/busybox', busybox),
    ...names
      .filter((name) => name !== 'busybox')
      .map((name): LayerEntry => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'directory', path: 'etc' },
    { kind: 'directory', path: 'root', mode: 0o700 },
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    { kind: 'directory', path: 'var' },
    { kind: 'directory', path: 'var/tmp', mode: 0o1777 },
  ];
}
