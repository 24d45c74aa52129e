import { spawnSync } from 'node:child_process';

/** Builds packages of a Go module. @param output File or folder of what is built. */
export function goBuild(folder: string, packages: string, output: string): void {
  const built = spawnSync('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, packages], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.status !== 0) throw new Error(`${packages} could not be built`);
}

/** The folder of the sources of a module that a Go module requires. */
export function moduleFolder(folder: string, module: string): string {
  const { status, stdout, stderr } = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${module} is not there: ${stderr}`);
  return stdout.trim();
}
