import type { Readable, Writable } from 'node:stream';
import type { ExecInput, ExecOutput, ExecStart, PortForwardChunk } from '@gantry/client/pod-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Pods } from '../pods/pods.ts';
import type { ExecSession, Runtime } from '../runtime/runtime.ts';
import { findPod, runningInstance } from './target.ts';

/** The other side of a two-way call. */
export interface Peer<Input, Output> {
  readonly input: AsyncIterable<Input>;
  /** Resolves when the next message may follow: a slow peer holds the writer back. */
  write(message: Output): Promise<void>;
}

/** Runs a command in a container, or joins the container's own streams where `attach`, to its end. */
export async function runStreams(
  { runtime, pods }: { readonly runtime: Runtime; readonly pods: Pods },
  start: ExecStart,
  attach: boolean,
  peer: Peer<ExecInput, ExecOutput>,
  signal: AbortSignal,
): Promise<void> {
  const container = runningInstance(findPod(pods, start.ref.namespace, start.ref.pod), start.ref);
  const options = { stdin: start.stdin ?? false, tty: start.tty ?? false };
  const command = start.command ?? [];
  if (!attach && command.length === 0) throw new GantryError('BadRequest', 'command: Required value');
  await using session = attach
    ? await runtime.streams.attach(container.id, options, signal)
    : await runtime.streams.exec(container.id, command, options, signal);
  // A peer that stops talking must not keep a command's end from being told.
  void feed(session, peer.input).catch(() => session.stdin.destroy());
  const [code] = await Promise.all([
    session.exitCode,
    drain(session.stdout, (stdout) => peer.write({ stdout })),
    drain(session.stderr, (stderr) => peer.write({ stderr })),
  ]);
  await peer.write({ exit: { code } });
}

async function feed(session: ExecSession, input: AsyncIterable<ExecInput>): Promise<void> {
  for await (const message of input) {
    if (message.stdin) await writeTo(session.stdin, message.stdin);
    else if (message.resize) session.resize(message.resize.width, message.resize.height);
    else if (message.stdinClosed) session.stdin.end();
  }
  session.stdin.end();
}

async function drain(stream: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of stream) await write(chunk as Buffer);
}

/** Resolves when the stream takes more, or will never take any. */
function writeTo(stream: Writable, data: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve();
  if (stream.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}

/** Carries one connection to a port of a pod. */
export async function forwardPort(
  { runtime, pods }: { readonly runtime: Runtime; readonly pods: Pods },
  start: NonNullable<PortForwardChunk['start']>,
  peer: Peer<PortForwardChunk, PortForwardChunk>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, pod, port } = start;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new GantryError('Invalid', `port: Invalid value: ${port}: must be between 1 and 65535, inclusive`);
  }
  const { sandbox } = findPod(pods, namespace, pod);
  if (sandbox === undefined) throw new GantryError('FailedPrecondition', `pod ${pod} is not running`);
  const socket = await runtime.streams.portForward(sandbox.id, port, signal);
  try {
    void (async () => {
      for await (const { data } of peer.input) if (data && data.length > 0) await writeTo(socket, data);
      socket.end();
    })().catch(() => socket.destroy());
    await drain(socket, (data) => peer.write({ data }));
  } finally {
    socket.destroy();
  }
}
