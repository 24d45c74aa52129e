import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { GantryError } from '@gantry/runtime/errors.ts';
import { readProcess } from '../../host/processes.ts';
import { readJson, writeWhole } from '../../json-file.ts';
import type { ContainerConfig, Mount } from '../runtime.ts';
import type { UnpackedImage } from './image-store.ts';
import type { ContainerRecord, StartedRecord } from './records.ts';

/** Search path of programs if neither the image nor the container sets one. */
const hostPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Waits for the command ("$@") and writes its exit code, then kills what it left in the process group. It catches the signals that
 * the group gets, so as to outlive the command; the command itself starts with their default actions.
 */
const wrapper = `directory=$1; shift
echo $$ > "$directory/pid"
trap : TERM INT HUP QUIT USR1 USR2
"$@"
code=$?
printf '{"exitCode":%s,"finishedAtMs":%s000}' "$code" "$(date +%s)" > "$directory/exit.new"
mv "$directory/exit.new" "$directory/exit"
kill -KILL 0`;

/** Arguments, variables and directory of a container's process. */
export interface ProcessPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** Works out the process from config and image as container runtimes do, with paths as they are without a root of its own. Pure. */
export function planProcess(config: ContainerConfig, image: UnpackedImage, mountsDirectory: string): ProcessPlan {
  // A command in the config drops the image's default arguments too.
  const defaultArgs = config.command === undefined ? image.command : [];
  const argv = [...(config.command ?? image.entrypoint), ...(config.args ?? defaultArgs)];
  if (argv.length === 0) throw new GantryError('Invalid', `container "${config.name}": no command specified`);
  const env: Record<string, string> = { PATH: hostPath, HOME: process.env.HOME ?? '/' };
  for (const entry of image.env) env[entry.slice(0, entry.indexOf('='))] = entry.slice(entry.indexOf('=') + 1);
  for (const { name, value } of config.env ?? []) env[name] = value;
  if (image.rootDirectory !== '/') {
    const inImage = env.PATH!.split(delimiter).map((each) => join(image.rootDirectory, each));
    env.PATH = [...inImage, env.PATH].join(delimiter);
  }
  env.GANTRY_ROOT = mountsDirectory;
  return { argv, env, workingDirectory: join(image.rootDirectory, config.workingDir ?? image.workingDirectory) };
}

/** The file of a program: an absolute path is looked up in the image before the machine, a bare name in PATH. */
export async function findProgram(program: string, plan: ProcessPlan, rootDirectory: string): Promise<string> {
  const candidates = program.includes('/')
    ? isAbsolute(program)
      ? [join(rootDirectory, program), program]
      : [join(plan.workingDirectory, program)]
    : (plan.env.PATH ?? '').split(delimiter).map((directory) => join(directory, program));
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new GantryError('Invalid', `exec: "${program}": executable file not found in $PATH`);
}

/** Makes symbolic links for mounts, below a directory that the process finds in GANTRY_ROOT. */
export async function linkMounts(mountsDirectory: string, mounts: readonly Mount[]): Promise<void> {
  await mkdir(mountsDirectory, { recursive: true });
  // Outer paths first; one mount inside another cannot be shown by links, and the outer one wins.
  for (const { containerPath, hostPath: target } of mounts.toSorted(
    (a, b) => a.containerPath.length - b.containerPath.length,
  )) {
    const path = join(mountsDirectory, containerPath);
    try {
      await mkdir(dirname(path), { recursive: true });
      await symlink(target, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * The process of a container whose agent died after the start but before it could record it: the wrapper leaves its pid, and its
 * arguments name the container's directory.
 */
export async function findLaunched(directory: string, nowMs: number): Promise<StartedRecord | undefined> {
  const pid = await readJson<number>(join(directory, 'pid'));
  const found = pid === undefined ? undefined : await readProcess(pid);
  if (!found?.command.includes(directory)) return undefined;
  return { pid: found.pid, startTime: found.startTime, startedAtMs: nowMs };
}

/** Starts a container's process in a session of its own and records which one it is. */
export async function launch(record: ContainerRecord, directory: string, nowMs: number): Promise<StartedRecord> {
  const { runAsUser, runAsGroup } = record.config.security ?? {};
  if (runAsUser !== undefined && runAsUser !== process.getuid?.() && process.getuid?.() !== 0) {
    throw new GantryError(
      'Invalid',
      `cannot run as user ${runAsUser}: without root, processes run as the agent's own user`,
    );
  }
  await Promise.all(['stdout', 'stderr'].map((name) => writeFile(join(directory, name), '')));
  const [stdout, stderr] = await Promise.all(['stdout', 'stderr'].map((name) => open(join(directory, name), 'a')));
  try {
    // The wrapper writes the exit code into a directory that is closed to others, so only the command runs as the other user.
    const argv = [...(await userPrefix(runAsUser, runAsGroup)), ...record.argv];
    const child = spawn('/bin/sh', ['-c', wrapper, 'gantry', directory, ...argv], {
      cwd: record.workingDirectory,
      env: record.env,
      detached: true,
      stdio: ['ignore', stdout!.fd, stderr!.fd],
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new GantryError('Invalid', `cannot start: ${error.message}`, { cause: error })),
      );
    });
    child.unref();
    const pid = child.pid!;
    const started = { pid, startTime: (await readProcess(pid))?.startTime ?? 0, startedAtMs: nowMs };
    await writeWhole(join(directory, 'started'), started);
    return started;
  } finally {
    await Promise.all([stdout!.close(), stderr!.close()]);
  }
}

/** The words before a command that run it as another user and group; none for the agent's own. */
async function userPrefix(uid: number | undefined, gid: number | undefined): Promise<string[]> {
  const isOwn = (uid === undefined || uid === process.getuid?.()) && (gid === undefined || gid === process.getgid?.());
  if (isOwn) return [];
  const setpriv = '/usr/bin/setpriv';
  await access(setpriv, constants.X_OK).catch(() => {
    throw new GantryError('FailedPrecondition', `cannot run as user ${uid ?? 'root'}: ${setpriv} is not installed`);
  });
  return [setpriv, `--reuid=${uid ?? 0}`, `--regid=${gid ?? 0}`, '--clear-groups', '--'];
}
