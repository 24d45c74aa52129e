import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { GantryError } from '@gantry/runtime/errors.ts';
import { extract } from 'tar-stream';
import { readJson, writeWhole } from '../../json-file.ts';
import type { ImageStatus, Images } from '../runtime.ts';

/** The image that stands for the programs of the machine itself. */
export const hostImage = 'host';
/** Bounds of one tar that is taken in. */
const maxEntries = 200_000;

/** An image that the process driver can start programs from. */
export interface UnpackedImage {
  readonly id: string;
  /** Directory of its files; that of the machine for `host`. */
  readonly rootDirectory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
}

interface ImageRecord extends UnpackedImage {
  readonly name: string;
  readonly sizeBytes: number;
}

/** The unpacked images below a directory. References: `host`, the absolute path of a directory, or the name of an imported image. */
export interface ImageStore {
  readonly images: Images;
  /** The image of a reference; undefined if it is not here. */
  find(ref: string): Promise<UnpackedImage | undefined>;
}

/** Opens the store of a directory. */
export function openImageStore(directory: string): ImageStore {
  const pathOf = (name: string) => join(directory, encodeURIComponent(name));
  const records = async (): Promise<ImageRecord[]> => {
    await mkdir(directory, { recursive: true });
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
    const read = names.map((name) => readJson<ImageRecord>(join(directory, name, 'image.json')));
    return (await Promise.all(read)).filter((each) => each !== undefined);
  };
  const find = async (ref: string): Promise<ImageRecord | undefined> => {
    if (ref === hostImage) return plainImage(ref, '/');
    if (ref.startsWith('/'))
      return (await stat(ref).catch(() => undefined))?.isDirectory() ? plainImage(ref, ref) : undefined;
    // A caller that has resolved a name once goes on with the id.
    if (ref.startsWith('sha256:')) return (await records()).find(({ id }) => id === ref);
    return readJson<ImageRecord>(join(pathOf(ref), 'image.json'));
  };
  const status = async (ref: string) => {
    const image = await find(ref);
    return image && statusOf(image);
  };
  return {
    find,
    images: {
      status,
      async pull(ref) {
        const found = await status(ref);
        if (found) return found;
        throw new GantryError(
          'FailedPrecondition',
          `image "${ref}": the process driver pulls nothing; use "host", a directory, or import a tar`,
        );
      },
      list: async () => [plainImage(hostImage, '/'), ...(await records())].map(statusOf),
      async remove(ref) {
        if (ref !== hostImage && !ref.startsWith('/')) await rm(pathOf(ref), { recursive: true, force: true });
      },
      importTar: (path) => importTar(directory, path, pathOf),
    },
  };
}

function plainImage(name: string, rootDirectory: string): ImageRecord {
  return { name, id: name, rootDirectory, entrypoint: [], command: [], env: [], workingDirectory: '/', sizeBytes: 0 };
}

function statusOf(image: ImageRecord): ImageStatus {
  return { id: image.id, tags: [image.name], digests: [], sizeBytes: image.sizeBytes };
}

interface OciDescriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Unpacks every image of an OCI layout tar. */
async function importTar(directory: string, path: string, pathOf: (name: string) => string): Promise<string[]> {
  if (!(await stat(path).catch(() => undefined))) throw new GantryError('NotFound', `image tar ${path} not found`);
  await mkdir(directory, { recursive: true });
  const scratch = await mkdtemp(join(directory, '.import-'));
  try {
    const layout = join(scratch, 'layout');
    await unpack(createReadStream(path), layout);
    const index = await readJson<{ manifests: OciDescriptor[] }>(join(layout, 'index.json'));
    if (!index) throw new Error('it has no index.json, so it is not an OCI image layout');
    const names: string[] = [];
    for (const descriptor of index.manifests) names.push(await importOne(layout, scratch, descriptor, pathOf));
    return names;
  } catch (error) {
    throw new GantryError('Invalid', `image tar ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function importOne(
  layout: string,
  scratch: string,
  descriptor: OciDescriptor,
  pathOf: (name: string) => string,
): Promise<string> {
  const name = descriptor.annotations?.['io.containerd.image.name'];
  if (!name) throw new Error(`image ${descriptor.digest} has no annotation io.containerd.image.name`);
  const blobPath = (digest: string) => join(layout, 'blobs', ...digest.split(':').map((part) => basename(part)));
  const json = async <T>(digest: string) => JSON.parse(await readFile(blobPath(digest), 'utf8')) as T;
  const manifest = await json<{ config: OciDescriptor; layers: OciDescriptor[] }>(descriptor.digest);
  const { config = {} } = await json<{ config?: Record<string, unknown> }>(manifest.config.digest);
  const made = join(scratch, 'image');
  const root = join(made, 'rootfs');
  await mkdir(root, { recursive: true });
  for (const layer of manifest.layers) {
    const file = createReadStream(blobPath(layer.digest));
    await unpack(layer.mediaType?.endsWith('gzip') ? file.pipe(createGunzip()) : file, root);
  }
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
  const record: ImageRecord = {
    name,
    id: manifest.config.digest,
    rootDirectory: join(pathOf(name), 'rootfs'),
    entrypoint: texts(config.Entrypoint),
    command: texts(config.Cmd),
    env: texts(config.Env),
    workingDirectory: String(config.WorkingDir || '/'),
    sizeBytes: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
  };
  await writeWhole(join(made, 'image.json'), record);
  await rm(pathOf(name), { recursive: true, force: true });
  await rename(made, pathOf(name));
  return name;
}

/** Unpacks a tar below a directory: files, directories and links, and OCI's white-outs, which delete. */
async function unpack(source: Readable, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const root = await realpath(directory);
  const tar = extract();
  const work = async () => {
    let count = 0;
    for await (const entry of tar) {
      if (++count > maxEntries) throw new Error(`more than ${maxEntries} files`);
      const { name, type, linkname, mode } = entry.header;
      const lexical = inside(root, name);
      const parent = lexical === root ? root : await parentOf(root, lexical);
      const path = lexical === root ? root : join(parent, basename(lexical));
      const whiteOut = /^\.wh\.(.+)$/.exec(basename(path))?.[1];
      if (whiteOut !== undefined) await rm(join(parent, whiteOut), { recursive: true, force: true });
      else if (type === 'directory') await mkdir(path, { recursive: true });
      else if (type === 'symlink' || type === 'link') {
        await rm(path, { recursive: true, force: true });
        // Links are made relative: one into the image's root must not lead into the machine's, and the image moves.
        const isAbsolute = type === 'link' || linkname!.startsWith('/');
        const target = isAbsolute ? linkname! : `${relative(root, parent)}/${linkname}`;
        await symlink(relative(parent, inside(root, target)) || '.', path);
      } else if (type === 'file') {
        await rm(path, { recursive: true, force: true });
        await writeFile(path, Readable.from(entry), { mode: mode ?? 0o644 });
      }
      entry.resume();
    }
  };
  await Promise.all([pipeline(source, tar), work()]);
}

/**
 * The directory that an entry lies in, without links, made where it is missing. Entries before it may have made links on its way: one
 * that leads out of the image is refused.
 */
async function parentOf(root: string, path: string): Promise<string> {
  let parent = root;
  for (const step of relative(root, dirname(path)).split(sep).filter(Boolean)) {
    const next = join(parent, step);
    await mkdir(next, { recursive: true });
    parent = await realpath(next);
    inside(root, relative(root, parent));
  }
  return parent;
}

/** A path below a directory; refuses one that leads out of it. */
function inside(directory: string, name: string): string {
  const path = resolve(directory, `./${name}`);
  if (path !== directory && !path.startsWith(directory + sep)) throw new Error(`"${name}" leads out of the image`);
  return path;
}
