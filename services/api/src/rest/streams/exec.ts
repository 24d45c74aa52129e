import type { ExecStart } from '@gantry/client/pod-messages.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { statusOf } from '../status.ts';
import { Channels, channel, channelProtocols } from './channels.ts';
import { acceptWebSocket, offeredProtocols } from './websocket.ts';

type Deps = Pick<ResourceDeps, 'pods'>;

/** Streams that a client asks for. */
interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Runs a command in a container, with its streams on a WebSocket. */
export async function serveExec(deps: Deps, request: ResourceRequest, upgrade: Upgrade): Promise<void> {
  const command = request.query.getAll('command');
  if (command.length === 0) throw new GantryError('BadRequest', 'you must specify a command to execute');
  await serve(deps, 'exec', request, upgrade, command);
}

/** Connects to the streams of a container's own process, on a WebSocket. */
export async function serveAttach(deps: Deps, request: ResourceRequest, upgrade: Upgrade): Promise<void> {
  await serve(deps, 'attach', request, upgrade, []);
}

async function serve(
  { pods }: Deps,
  method: 'exec' | 'attach',
  { route, query, incoming, context }: ResourceRequest,
  upgrade: Upgrade,
  command: readonly string[],
): Promise<void> {
  const wanted = wantedStreams(query);
  const ref = { namespace: route.namespace, pod: route.name, container: query.get('container') ?? '' };
  const protocol = offeredProtocols(incoming).find((name) => channelProtocols.includes(name));
  if (protocol === undefined) {
    throw new GantryError(
      'BadRequest',
      `unable to upgrade: WebSocket with one of ${channelProtocols.join(', ')} needed`,
    );
  }
  await pods.check(context, `pods/${method}`, ref);
  const { stdin, stdout, stderr, tty } = wanted;
  const channels = new Channels(acceptWebSocket(incoming, upgrade, protocol), wanted);
  const start: ExecStart = { ref, command, stdin, tty };
  let exitCode = 0;
  try {
    for await (const output of pods.exec(context, method, start, channels.input())) {
      if (stdout && output.stdout?.length) await channels.write(channel.stdout, output.stdout);
      if (stderr && output.stderr?.length) await channels.write(channel.stderr, output.stderr);
      if (output.exit) exitCode = output.exit.code;
      context.signal.throwIfAborted();
    }
    // Kubernetes tells the exit code of commands alone: that of a container stands in the pod's status.
    await channels.finish(exitStatus(method === 'exec' ? exitCode : 0));
  } catch (error) {
    await channels.finish(statusOf(toGantryError(error)));
  }
}

/** Reads the streams that a client wants. Throws BadRequest for none. */
function wantedStreams(query: URLSearchParams): Wanted {
  const flag = (name: string): boolean => !['', '0', 'false'].includes((query.get(name) ?? '').toLowerCase());
  const wanted = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw new GantryError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return wanted;
}

/** The Status that clients read an exit code from. */
function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
