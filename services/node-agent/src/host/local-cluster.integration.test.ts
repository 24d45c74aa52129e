import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busyboxImage } from '../images/local.ts';
import { startTestRegistry } from '../images/testing/registry.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { run } from './commands.ts';
import type { LocalCluster } from './local-cluster.ts';
import type { LocalNode } from './local-node.ts';
import { listProcesses, processesInNamespace, readProcess } from './processes.ts';
import {
  addressOf,
  fetchText,
  importBusybox,
  observed,
  runPod,
  serving,
  startScript,
  startTestCluster,
  testDirectory,
} from './testing/cluster.ts';

describe('two nodes on this machine', () => {
  let directory: Awaited<ReturnType<typeof testDirectory>>;
  let cluster: LocalCluster;
  let nodes: [LocalNode, LocalNode];
  let runtimes: [Runtime, Runtime];

  beforeAll(async () => {
    directory = await testDirectory();
    cluster = await startTestCluster(directory.path, ['node-1', 'node-2']);
    nodes = [cluster.nodes[0]!, cluster.nodes[1]!];
    runtimes = [await nodes[0].openRuntime(), await nodes[1].openRuntime()];
    for (const runtime of runtimes) await importBusybox(runtime, directory.path);
  });

  afterAll(async () => {
    for (const runtime of runtimes) await runtime[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    const links = await run('ip', ['-json', 'link', 'show']);
    const left = (await listProcesses()).filter((each) => each.command.some((arg) => arg.includes(directory.path)));
    await directory[Symbol.asyncDispose]();
    // Nothing may be left of the nodes.
    expect(left).toEqual([]);
    expect(links).not.toContain(cluster.addresses.gateway);
    expect(await run('ip', ['route'])).not.toContain(nodes[0].podCidr);
    expect(await run('ip', ['netns'])).not.toContain(nodes[0].namespacePath.split('/').at(-1));
  });

  it('carries traffic between pods of different nodes, and from the machine', async () => {
    const server = await runPod(nodes[0], runtimes[0], 'server', serving('from-node-1'));
    const client = await runPod(nodes[1], runtimes[1], 'client', 'sleep 1000');
    const address = await addressOf(runtimes[0], server.sandboxId);
    expect(address.startsWith(nodes[0].podCidr.replace(/0\/24$/, ''))).toBe(true);
    expect(await fetchText(`http://${address}/`)).toBe('from-node-1');
    const result = await runtimes[1].streams.execSync(
      client.containerId,
      ['wget', '-qO-', `http://${address}/`],
      10_000,
    );
    expect(String(result.stdout)).toBe('from-node-1');
    // Pods see each other's own addresses.
    const clientAddress = await addressOf(runtimes[1], client.sandboxId);
    const neighbours = await runtimes[0].streams.execSync(
      server.containerId,
      ['sh', '-c', `ping -c 1 -W 2 ${clientAddress}`],
      10_000,
    );
    expect(neighbours.exitCode).toBe(0);
  });

  it('gives pods the node’s network, ports of the node, a resolver and sysctls as asked', async () => {
    const host = await runPod(nodes[0], runtimes[0], 'host', serving('host-network', 8090), {
      sandbox: { hostNetwork: true },
    });
    expect(await fetchText(`http://${nodes[0].address}:8090/`)).toBe('host-network');
    expect((await runtimes[0].observer.observe()).find((each) => each.id === host.sandboxId)?.ips).toEqual([]);
    const mapped = await runPod(nodes[1], runtimes[1], 'mapped', serving('host-port'), {
      sandbox: {
        portMappings: [{ protocol: 'TCP', containerPort: 80, hostPort: 8091 }],
        dns: { servers: ['10.9.9.9'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
        sysctls: { 'net.ipv4.ip_local_port_range': '40000 50000' },
      },
    });
    expect(await fetchText(`http://${nodes[1].address}:8091/`)).toBe('host-port');
    const files = ['cat', '/etc/resolv.conf', '/proc/sys/net/ipv4/ip_local_port_range', '/etc/hostname'];
    const text = String((await runtimes[1].streams.execSync(mapped.containerId, files, 10_000)).stdout);
    expect(text).toContain('nameserver 10.9.9.9');
    expect(text).toContain('search default.svc.cluster.local');
    expect(text).toContain('options ndots:5');
    expect(text).toMatch(/40000\s+50000/);
    expect(text).toContain('mapped');
  });

  it('kills what uses more memory than it may, and says so', async () => {
    const script = 'dd if=/dev/zero of=/dev/null bs=200M count=1';
    const container = { resources: { memoryLimitBytes: 32 * 1024 * 1024 } };
    const pod = await runPod(nodes[0], runtimes[0], 'greedy', script, { container });
    const found = await observed(runtimes[0], pod.containerId, (each) => each.state.kind === 'exited');
    expect(found.state).toMatchObject({ kind: 'exited', exitCode: 137, reason: 'OOMKilled' });
  });

  it('changes limits of a running container and removes its cgroups with the pod', async () => {
    const pod = await runPod(nodes[0], runtimes[0], 'resized', 'sleep 1000', {
      container: { resources: { memoryLimitBytes: 2 ** 25 } },
    });
    await runtimes[0].containers.updateResources(pod.containerId, { memoryLimitBytes: 2 ** 26 });
    const find = (name: string) =>
      run('find', ['/sys/fs/cgroup', '-path', `*${pod.sandbox.cgroupParent}*`, '-name', name]);
    const limits = await Promise.all(
      (await find('memory.limit_in_bytes'))
        .concat(await find('memory.max'))
        .trim()
        .split('\n')
        .map((path) => readFile(path, 'utf8')),
    );
    expect(limits.map((each) => each.trim())).toContain(String(2 ** 26));
    await runtimes[0].sandboxes.remove(pod.sandboxId);
    expect(await find('*')).toBe('');
  });

  it('enforces users, read-only roots and mounts, also those made after containerd started', async () => {
    const volume = join(nodes[0].podsDirectory, 'in-memory');
    await mkdir(volume);
    await run('mount', ['-t', 'tmpfs', 'tmpfs', volume]);
    try {
      await writeFile(join(volume, 'file'), 'from the node');
      const pod = await runPod(nodes[0], runtimes[0], 'secure', 'sleep 1000', {
        container: {
          mounts: [{ hostPath: volume, containerPath: '/data', readOnly: true }],
          security: {
            runAsUser: 1234,
            runAsGroup: 4321,
            readOnlyRootfs: true,
            dropCapabilities: ['ALL'],
            allowPrivilegeEscalation: false,
          },
        },
      });
      const script = 'id -u; id -g; cat /data/file; touch /x /data/x; grep -E "^(CapEff|NoNewPrivs)" /proc/self/status';
      const { stdout, stderr } = await runtimes[0].streams.execSync(pod.containerId, ['sh', '-c', script], 10_000);
      expect(String(stdout)).toMatch(/^1234\n4321\nfrom the nodeCapEff:\s+0+\nNoNewPrivs:\s+1\n$/);
      expect(String(stderr).match(/Read-only file system/g)).toHaveLength(2);
      await runtimes[0].sandboxes.remove(pod.sandboxId);
    } finally {
      await run('umount', [volume]);
    }
  });

  it('runs a terminal', async () => {
    const pod = await runPod(nodes[0], runtimes[0], 'terminal', 'sleep 1000');
    await using session = await runtimes[0].streams.exec(pod.containerId, ['sh'], { stdin: true, tty: true });
    session.resize(101, 33);
    session.stdin.write('sleep 0.2; stty size; exit 4\n');
    let text = '';
    for await (const chunk of session.stdout) text += chunk;
    expect(text).toContain('33 101');
    expect(await session.exitCode).toBe(4);
  });

  it('pulls from a registry, with a password where it wants one', async () => {
    const credentials = { username: 'me', password: 'secret' };
    const images = [
      await busyboxImage({ name: 'open/app:1', env: { A: '1' } }),
      await busyboxImage({ name: 'private/app:1', env: { A: '2' } }),
    ];
    await using registry = await startTestRegistry(cluster.addresses.gateway, images, credentials);
    await nodes[0].allowPlainHttp(registry.address);
    const { images: store } = runtimes[0];
    const pulled = await store.pull(`${registry.address}/open/app:1`);
    expect(pulled).toMatchObject({
      tags: [`${registry.address}/open/app:1`],
      digests: [expect.stringContaining('@sha256:')],
    });
    await expect(store.pull(`${registry.address}/open/app:2`)).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(store.pull(`${registry.address}/private/app:1`)).rejects.toMatchObject({ reason: 'Forbidden' });
    expect(await store.pull(`${registry.address}/private/app:1`, credentials)).toMatchObject({
      tags: [`${registry.address}/private/app:1`],
    });
    await store.remove(`${registry.address}/open/app:1`);
    await store.remove(`${registry.address}/open/app:1`);
    expect(await store.status(`${registry.address}/open/app:1`)).toBeUndefined();
    await registry[Symbol.asyncDispose]();
    await expect(store.pull(`${registry.address}/open/app:1`)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  it('a killed containerd is back, its containers served on and new ones join them', async () => {
    const pod = await runPod(nodes[0], runtimes[0], 'survivor', serving('alive'));
    const address = await addressOf(runtimes[0], pod.sandboxId);
    await fetchText(`http://${address}/`);
    const before = await observed(runtimes[0], pod.containerId);
    await nodes[0].killContainerd();
    expect(await fetchText(`http://${address}/`)).toBe('alive');
    expect(await observed(runtimes[0], pod.containerId)).toEqual(before);
    const joined = await startScript(runtimes[0], pod.sandboxId, 'wget -qO- http://127.0.0.1/; echo; sleep 1000', {
      name: 'second',
      logPath: 'main/1.log',
    });
    const { logPath } = await observed(runtimes[0], joined);
    while (!(await readFile(logPath, 'utf8')).includes('stdout F alive')) await delay(20);
    await runtimes[0].sandboxes.remove(pod.sandboxId);
  });

  it('a container that ends while containerd is away is seen as ended', async () => {
    const pod = await runPod(nodes[1], runtimes[1], 'mortal', 'while [ ! -e /www/end ]; do sleep 0.05; done; exit 3');
    const [main] = (await processesOfContainer(nodes[1])).filter((each) => each.command.join(' ').includes('/www/end'));
    await nodes[1].killContainerd();
    process.kill(main!.pid, 'SIGKILL');
    const found = await observed(runtimes[1], pod.containerId, (each) => each.state.kind === 'exited');
    expect(found.state).toMatchObject({ exitCode: 137 });
  });

  it('a node whose plug was pulled answers nothing and comes back empty', async () => {
    const pod = await runPod(nodes[1], runtimes[1], 'doomed', serving('doomed'));
    const address = await addressOf(runtimes[1], pod.sandboxId);
    await fetchText(`http://${address}/`);
    await nodes[1].powerOff();
    expect(await processesInNamespace(nodes[1].namespacePath)).toEqual([]);
    await expect(runtimes[1].observer.observe()).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await nodes[1].powerOn();
    const found = await observed(runtimes[1], pod.containerId, (each) => each.state.kind === 'exited');
    // Nobody saw how it ended, which containerd says with this code; it may have seen that it did before its own end.
    expect(found.state).toMatchObject({ exitCode: 255, reason: expect.stringMatching(/^(Unknown|Error)$/) });
    const again = await runPod(nodes[1], runtimes[1], 'doomed', serving('again'), {
      sandbox: { attempt: 1 },
      container: { attempt: 1 },
    });
    expect(await fetchText(`http://${await addressOf(runtimes[1], again.sandboxId)}/`)).toBe('again');
    await runtimes[1].sandboxes.remove(pod.sandboxId);
  });

  /** Everything that descends from the node's shims. */
  async function processesOfContainer(node: LocalNode) {
    const inside = new Set((await processesInNamespace(node.namespacePath)).map((each) => each.pid));
    const all = await listProcesses();
    const children = all.filter((each) => inside.has(each.parentPid));
    expect(await readProcess(process.pid)).toBeDefined();
    return children;
  }
});

it('a containerd that cannot start is told with its own words, at once', async () => {
  await using directory = await testDirectory();
  // A directory where containerd wants its socket.
  const socket = join(directory.path, 'node-1', 'containerd.sock');
  await mkdir(join(socket, 'in-the-way'), { recursive: true });
  await expect(startTestCluster(directory.path, ['node-1'])).rejects.toMatchObject({
    reason: 'InternalError',
    message: expect.stringMatching(/^containerd ended while it started: .*is a directory \(its log is /),
  });
  // The network that was set up for it is removed.
  const { bridge } = JSON.parse(await readFile(join(directory.path, 'cluster.json'), 'utf8')) as { bridge: string };
  expect(await run('ip', ['-o', 'link', 'show'])).not.toContain(` ${bridge}:`);
  await rm(socket, { recursive: true });
  const cluster = await startTestCluster(directory.path, ['node-1']);
  await cluster[Symbol.asyncDispose]();
});

it.each([0, 20, 60, 150, 300])('a start that is interrupted after %i ms leaves nothing', async (ms) => {
  await using directory = await testDirectory();
  const stop = new AbortController();
  const starting = startTestCluster(directory.path, ['node-1', 'node-2'], stop.signal);
  setTimeout(() => stop.abort(), ms);
  await starting.then(
    (cluster) => cluster[Symbol.asyncDispose](),
    () => {},
  );
  const left = (await listProcesses()).filter((each) => each.command.some((arg) => arg.includes(directory.path)));
  expect(left).toEqual([]);
  const { id } = JSON.parse(await readFile(join(directory.path, 'cluster.json'), 'utf8')) as { id: string };
  expect(await run('ip', ['link', 'show'])).not.toContain(id);
});
