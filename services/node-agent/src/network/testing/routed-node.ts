/** A node of network namespaces alone, for tests of what the kernel makes of rules: no containers, one namespace a pod. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from '../../host/commands.ts';

/** A node with its pods. Disposing of it ends their programs and removes the namespaces. */
export interface RoutedNode extends AsyncDisposable {
  /** Runs a command in the node's network. */
  runInNode(command: readonly string[], input: string, signal?: AbortSignal): Promise<string>;
  /** Starts a JavaScript program in a pod; resolves once it has printed something. */
  start(pod: string, script: string): Promise<PodProgram>;
  /** Runs a JavaScript program in a pod, or in the node, to its end. */
  evaluate(pod: string, script: string): Promise<string>;
}

/** A program in a pod. */
export interface PodProgram {
  /** Lines that it printed. */
  readonly lines: readonly string[];
  end(): Promise<void>;
}

/** Address of the node as its pods see it. */
export const nodeAddress = '10.64.0.1';

/** Makes a node whose pods have these names, with addresses from 10.64.0.2. */
export async function startRoutedNode(pods: readonly string[]): Promise<RoutedNode> {
  const prefix = `gantry-rt-${process.pid}`;
  const nameOf = (pod: string): string => `${prefix}-${pod}`;
  const programs: ChildProcess[] = [];
  await using stack = new AsyncDisposableStack();
  const ip = (namespace: string, lines: readonly string[]): Promise<string> =>
    run('ip', ['-netns', nameOf(namespace), '-batch', '-'], { input: `${lines.join('\n')}\n` });
  for (const name of ['node', ...pods]) {
    await run('ip', ['netns', 'add', nameOf(name)]);
    stack.defer(async () => void (await run('ip', ['netns', 'delete', nameOf(name)])));
  }
  stack.defer(async () => void (await Promise.all(programs.map(end))));
  // The way out of the node, where packets vanish.
  await ip('node', [
    'link set lo up',
    'link add uplink type veth peer name nowhere',
    'link set nowhere up',
    'address add 192.0.2.1/24 dev uplink',
    'link set uplink up',
    'route add default via 192.0.2.254',
    ...pods.flatMap((pod, index) => [
      `link add pod${index} type veth peer name eth0 netns ${nameOf(pod)}`,
      `address add ${nodeAddress}/32 dev pod${index}`,
      `link set pod${index} up`,
      `route add ${podAddress(index)}/32 dev pod${index}`,
    ]),
  ]);
  for (const [index, pod] of pods.entries()) {
    await ip(pod, [
      'link set lo up',
      `address add ${podAddress(index)}/32 dev eth0`,
      'link set eth0 up',
      `route add ${nodeAddress}/32 dev eth0`,
      `route add default via ${nodeAddress}`,
    ]);
  }
  const inside = (name: string): string[] => ['netns', 'exec', nameOf(name)];
  await run('ip', [...inside('node'), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  const owned = stack.move();
  return {
    runInNode: (command, input, signal) => run('ip', [...inside('node'), ...command], { input, signal }),
    evaluate: (pod, script) => run('ip', [...inside(pod), process.execPath, '-e', script]),
    async start(pod, script) {
      const [command = '', ...args] = ['ip', ...inside(pod), process.execPath, '-e', script];
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      programs.push(child);
      const lines: string[] = [];
      child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
      await once(child.stdout, 'data');
      return { lines, end: () => end(child) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Address of a pod by its place in the list. */
export function podAddress(index: number): string {
  return `10.64.0.${index + 2}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
