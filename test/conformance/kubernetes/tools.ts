import { execFileSync, spawnSync } from 'node:child_process';
import { access, mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LayerEntry } from '@gantry/node-agent/images/image.ts';
import { file, parents, program } from './layers.ts';

/** Programs that busybox has no equal of, by their paths in images. */
const machinePrograms = ['/bin/bash', '/bin/ss', '/usr/bin/curl', '/usr/bin/dig', '/usr/bin/getent', '/usr/bin/ipcs'];

/** The netcat whose options the tests use, and the paths in its Debian package and in images. */
const netcat = { package: 'netcat-openbsd', from: 'bin/nc.openbsd', to: '/bin/nc' };

/** Uses memory as it is told. */
export const stress: PackageTool = { package: 'stress', from: 'usr/bin/stress', to: '/usr/bin/stress' };

/** A program of a Debian package. */
interface PackageTool {
  readonly package: string;
  /** Path in the package. */
  readonly from: string;
  /** Path in images. */
  readonly to: string;
}

/** Programs of this machine, and netcat, each with its libraries; absent ones are left out. */
export async function machineTools(programs: string): Promise<LayerEntry[]> {
  const contents = new Map<string, Buffer>();
  for (const path of machinePrograms) await addProgram(contents, path, path);
  await addProgram(contents, join(await unpackedPackage(netcat.package, programs), netcat.from), netcat.to);
  const folders = foldersOf(contents);
  // The shell of Debian's busybox prefers its own tools to programs of the path, and drops variables whose names are none to it.
  const shell: LayerEntry[] = contents.has('/bin/bash') ? [{ kind: 'symlink', path: 'bin/sh', target: 'bash' }] : [];
  return [
    ...[...folders].map((path): LayerEntry => ({ kind: 'directory', path })),
    ...[...contents].map(([path, content]) => program(path.slice(1), content)),
    ...shell,
    // The C library asks DNS after the hosts file.
    ...(folders.has('etc') ? [] : [{ kind: 'directory', path: 'etc' } as const]),
    file('etc/nsswitch.conf', 'hosts: files dns\n'),
  ];
}

/** A program of a Debian package with its libraries; nothing where it cannot be had. */
export async function packageTool(programs: string, tool: PackageTool): Promise<LayerEntry[]> {
  const contents = new Map<string, Buffer>();
  await addProgram(contents, join(await unpackedPackage(tool.package, programs), tool.from), tool.to);
  return [
    ...[...foldersOf(contents)].map((path): LayerEntry => ({ kind: 'directory', path })),
    ...[...contents].map(([path, content]) => program(path.slice(1), content)),
  ];
}

async function addProgram(contents: Map<string, Buffer>, from: string, to: string): Promise<void> {
  if (!(await exists(from))) return;
  contents.set(to, await readFile(from));
  const libraries = execFileSync('ldd', [from], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const library of libraries) contents.set(library, await readFile(await realpath(library)));
}

/** All folders that hold these files. */
function foldersOf(contents: ReadonlyMap<string, Buffer>): Set<string> {
  return new Set([...contents.keys()].flatMap((path) => parents(dirname(path).slice(1)).map((each) => each.path)));
}

/** The folder with the files of a Debian package, which is fetched once; empty where that is not possible. */
async function unpackedPackage(name: string, programs: string): Promise<string> {
  const folder = join(programs, 'debian', name);
  if (await exists(join(folder, 'root'))) return join(folder, 'root');
  await mkdir(folder, { recursive: true });
  spawnSync('apt-get', ['download', name], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const fetched = (await readdir(folder)).find((entry) => entry.endsWith('.deb'));
  if (fetched !== undefined) spawnSync('dpkg-deb', ['-x', fetched, 'root'], { cwd: folder, stdio: 'inherit' });
  return join(folder, 'root');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
