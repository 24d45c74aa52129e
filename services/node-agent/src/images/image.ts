import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { pack } from 'tar-stream';

/** One entry of a layer. */
export type LayerEntry =
  | { readonly kind: 'file'; readonly path: string; readonly content: Uint8Array | string; readonly mode?: number }
  | { readonly kind: 'directory'; readonly path: string; readonly mode?: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

/** Description of an image to build. */
export interface ImageSpec {
  /** Full name with a tag, such as gantry.dev/pause:1. */
  readonly name: string;
  /** From the bottom up. Paths are relative to the root, parents come before what is in them. */
  readonly layers: readonly (readonly LayerEntry[])[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** `uid`, `uid:gid` or a name of the image's /etc/passwd. */
  readonly user?: string;
  /** Such as `8080/tcp`; tells users, opens nothing. */
  readonly exposedPorts?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Go's name of the CPU; that of this machine if absent. */
  readonly architecture?: string;
}

/** A piece of content and how OCI refers to it. */
interface Blob {
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly content: Buffer;
}

/** An image in pieces, as a registry serves it. */
export interface BuiltImage {
  readonly name: string;
  readonly manifest: Blob;
  /** The config and the layers. */
  readonly blobs: readonly Blob[];
}

const epoch = new Date(0);
const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** Builds an image (OCI image-spec 1.0). The same input gives the same bytes everywhere, so also the same digests. */
export async function buildImage(spec: ImageSpec): Promise<BuiltImage> {
  const layers: Blob[] = [];
  for (const entries of spec.layers) layers.push(blob(mediaTypes.layer, await tarOf(entries)));
  const config = jsonBlob(mediaTypes.config, {
    architecture: spec.architecture ?? goArchitecture(process.arch),
    os: 'linux',
    created: epoch.toISOString(),
    config: {
      ...(spec.user !== undefined && { User: spec.user }),
      ...(spec.exposedPorts && { ExposedPorts: Object.fromEntries(spec.exposedPorts.map((port) => [port, {}])) }),
      Env: Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...spec.env }).map(
        ([key, value]) => `${key}=${value}`,
      ),
      ...(spec.entrypoint && { Entrypoint: spec.entrypoint }),
      ...(spec.command && { Cmd: spec.command }),
      WorkingDir: spec.workingDir ?? '/',
      ...(spec.labels && { Labels: spec.labels }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.descriptor.digest) },
    history: layers.map(() => ({ created: epoch.toISOString(), created_by: 'gantry' })),
  });
  const manifest = jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
  });
  return { name: spec.name, manifest, blobs: [config, ...layers] };
}

/** The tar of an OCI image layout that holds the images, to be imported by containerd, podman, skopeo and others. */
export async function imageTar(images: readonly BuiltImage[]): Promise<Buffer> {
  const blobs = new Map<string, Buffer>();
  for (const image of images) {
    for (const { descriptor, content } of [image.manifest, ...image.blobs]) blobs.set(descriptor.digest, content);
  }
  const index = {
    schemaVersion: 2,
    manifests: images.map((image) => ({
      ...image.manifest.descriptor,
      // The first is what containerd names the image by, the second what other tools do.
      annotations: { 'io.containerd.image.name': image.name, 'org.opencontainers.image.ref.name': tagOf(image.name) },
    })),
  };
  return tarOf([
    { kind: 'file', path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
    { kind: 'file', path: 'index.json', content: JSON.stringify(index) },
    { kind: 'directory', path: 'blobs' },
    { kind: 'directory', path: 'blobs/sha256' },
    ...[...blobs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([digest, content]): LayerEntry => ({ kind: 'file', path: `blobs/${digest.replace(':', '/')}`, content })),
  ]);
}

/** Writes `imageTar` to a file. */
export async function writeImageTar(path: string, images: readonly BuiltImage[]): Promise<void> {
  await writeFile(path, await imageTar(images));
}

async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  const done = (async () => {
    for await (const chunk of tar) chunks.push(chunk as Buffer);
  })();
  for (const entry of entries) {
    const common = { name: entry.path, mtime: epoch, uid: 0, gid: 0 };
    if (entry.kind === 'directory') tar.entry({ ...common, type: 'directory', mode: entry.mode ?? 0o755 });
    else if (entry.kind === 'symlink') tar.entry({ ...common, type: 'symlink', linkname: entry.target, mode: 0o777 });
    else tar.entry({ ...common, mode: entry.mode ?? 0o644 }, Buffer.from(entry.content));
  }
  tar.finalize();
  await done;
  return Buffer.concat(chunks);
}

function blob(mediaType: string, content: Buffer): Blob {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { descriptor: { mediaType, digest, size: content.length }, content };
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function tagOf(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(colon + 1) : 'latest';
}

/** Go's (and so OCI's) name for a CPU that Node names differently. */
export function goArchitecture(nodeArchitecture: string): string {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' };
  return names[nodeArchitecture] ?? nodeArchitecture;
}
