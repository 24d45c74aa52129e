import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFile } from '../../e2e/command.ts';

/** Version of Kubernetes whose tests run, as in the module file: they say it of themselves and of kubectl. */
export const version = 'v1.37.2';
const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version)!;

const folder = projectFile('test/conformance/kubernetes');

/** Programs of the suite with the packages that they are built from. */
const packages = {
  agnhost: 'k8s.io/kubernetes/test/images/agnhost',
  consumer: 'k8s.io/kubernetes/test/images/resource-consumer',
  'consume-cpu': 'k8s.io/kubernetes/test/images/resource-consumer/consume-cpu',
  etcd: 'go.etcd.io/etcd/server/v3',
  ginkgo: 'github.com/onsi/ginkgo/v2/ginkgo',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  nonewprivs: 'k8s.io/kubernetes/test/images/nonewprivs',
  'regression-issue-74839': 'k8s.io/kubernetes/test/images/regression-issue-74839',
  'sample-apiserver': 'k8s.io/sample-apiserver',
} as const;

/** Files of the tests' images in the module of Kubernetes, with the names under which they are kept. */
const imageFiles = {
  'agnhost/porter/localhost.crt': 'localhost.crt',
  'agnhost/porter/localhost.key': 'localhost.key',
  'nautilus/html/data.json': 'nautilus.json',
  'kitten/html/data.json': 'kitten.json',
} as const;

/** Builds the tests, and the programs in their images; resolves to the folder with them. */
export async function build(): Promise<string> {
  const programs = projectFile('.gantry/conformance/kubernetes');
  await mkdir(programs, { recursive: true });
  const stamp = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .map((path) => `-X ${path}.gitVersion=${version} -X ${path}.gitMajor=${major} -X ${path}.gitMinor=${minor}`)
    .join(' ');
  const options = ['-trimpath', '-ldflags', `-s -w ${stamp}`];
  for (const [name, path] of Object.entries(packages)) go(['build', ...options, '-o', join(programs, name), path]);
  go(['test', '-c', ...options, '-o', join(programs, 'e2e.test'), 'k8s.io/kubernetes/test/e2e']);
  const listed = ['list', '-m', '-f', '{{.Dir}}', 'k8s.io/kubernetes'];
  const source = execFileSync('go', listed, { cwd: folder, encoding: 'utf8' }).trim();
  for (const [path, name] of Object.entries(imageFiles)) {
    await copyFile(join(source, 'test/images', path), join(programs, name));
  }
  return programs;
}

/** Programs run in images that have no C library. */
function go(args: readonly string[]): void {
  const env = { ...process.env, CGO_ENABLED: '0' };
  const { status } = spawnSync('go', args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`go ${args.join(' ')} failed`);
}
