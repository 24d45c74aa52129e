import type { ExecStart } from '@gantry/client/pod-messages.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { execOptions } from '../../pods/connect.ts';
import type { Incoming } from '../body.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { statusOf } from '../status.ts';
import { Channels, type CommandClient, type CommandEnd, channelProtocols, type Streams } from './channels.ts';
import { acceptSpdy, SpdyChannels, spdyProtocolOf } from './spdy-channels.ts';
import { acceptWebSocket, agreedProtocol, isWebSocket } from './websocket.ts';

type Deps = Pick<ResourceDeps, 'pods'>;

/** Runs a command in a container, with its streams on a WebSocket or in SPDY. */
export async function serveExec(deps: Deps, request: ResourceRequest, upgrade: Upgrade): Promise<void> {
  const command = request.query.getAll('command');
  if (command.length === 0) throw new GantryError('BadRequest', 'you must specify a command to execute');
  await serve(deps, 'exec', request, upgrade, command);
}

/** Connects to the streams of a container's own process, on a WebSocket or in SPDY. */
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
  const accept = transportOf(incoming, upgrade, wanted, context.signal);
  const { stdin, stdout, stderr, tty } = wanted;
  await pods.check(context, `pods/${method}`, ref, execOptions(method, { ...wanted, ref, command }));
  const client = await accept();
  const start: ExecStart = { ref, command, stdin, tty };
  let exitCode = 0;
  try {
    for await (const output of pods.exec(context, method, start, client.input(), true)) {
      if (stdout && output.stdout?.length) await client.stdout(output.stdout);
      if (stderr && output.stderr?.length) await client.stderr(output.stderr);
      if (output.exit) exitCode = output.exit.code;
      context.signal.throwIfAborted();
    }
    // Kubernetes tells the exit code of commands alone: that of a container stands in the pod's status.
    await client.finish(exitStatus(method === 'exec' ? exitCode : 0));
  } catch (error) {
    await client.finish(statusOf(toGantryError(error)));
  }
}

/** The way in which a client's streams are carried, to be accepted once nothing speaks against the command. */
function transportOf(
  incoming: Incoming,
  upgrade: Upgrade,
  wanted: Streams,
  signal: AbortSignal,
): () => Promise<CommandClient> {
  if (isWebSocket(incoming)) {
    const protocol = agreedProtocol(incoming, channelProtocols);
    if (protocol === undefined) throw noProtocol('WebSocket', channelProtocols);
    return async () => new Channels(acceptWebSocket(incoming, upgrade, protocol), protocol, wanted);
  }
  const protocol = spdyProtocolOf(incoming);
  if (protocol === undefined) throw noProtocol('SPDY', ['v4.channel.k8s.io']);
  return async () => {
    const transport = acceptSpdy(upgrade, protocol);
    const channels = new SpdyChannels(transport, protocol, wanted, signal);
    // The connection speaks SPDY from here on: a client that does not open its streams is cut off without words.
    await channels.opened(signal).catch((error: unknown) => {
      transport.destroy();
      throw error;
    });
    return channels;
  };
}

function noProtocol(transport: string, protocols: readonly string[]): GantryError {
  return new GantryError(
    'BadRequest',
    `unable to upgrade: ${transport} with one of ${protocols.filter((name) => name !== '').join(', ')} needed`,
  );
}

/** Reads the streams that a client wants. Throws BadRequest for none. */
function wantedStreams(query: URLSearchParams): Streams {
  const flag = (name: string): boolean => !['', '0', 'false'].includes((query.get(name) ?? '').toLowerCase());
  const wanted = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw new GantryError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return wanted;
}

/** The Status that clients read an exit code from. */
function exitStatus(code: number): CommandEnd {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
