import type { ExecInput, ExecOutput } from '@gantry/client/pod-messages.ts';
import { type DuplexCall, maxStdinBytes } from '@gantry/client/pods.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode } from '../context.ts';
import { podFor } from './logs.ts';

export interface ExecFlags {
  readonly container?: string;
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Runs a command in a container, and ends with its exit code. */
export async function exec(context: Context, pod: string, command: readonly string[], flags: ExecFlags): Promise<void> {
  if (command.length === 0) throw new Exit(ExitCode.usage, 'you must specify at least one command for the container');
  const tty = flags.tty && Boolean(process.stdin.isTTY);
  if (flags.tty && !tty)
    context.output.note('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  const ref = { namespace: context.namespace, pod: await podFor(context, [pod]), container: flags.container ?? '' };
  using session = context.client.pods.exec({ ref, command: [...command], stdin: flags.stdin, tty }, context.signal);
  const resize = (): void => {
    const { columns: width, rows: height } = process.stdout;
    void session.write({ resize: { width, height } });
  };
  try {
    if (tty) {
      process.stdin.setRawMode(true);
      process.stdout.on('resize', resize);
      resize();
    }
    if (flags.stdin) void pumpInput(session);
    const code = await printOutput(session);
    if (code !== 0) throw new Exit(code, tty ? '' : `command terminated with exit code ${code}`);
  } finally {
    process.stdout.off('resize', resize);
    if (tty) process.stdin.setRawMode(false);
    process.stdin.destroy();
  }
}

type Session = DuplexCall<ExecInput, ExecOutput>;

/** Prints what the command writes, until it ends; resolves with its exit code. */
async function printOutput(session: Session): Promise<number> {
  for await (const message of session.output) {
    if (message.exit !== undefined) return message.exit.code ?? 0;
    if (message.stdout !== undefined) process.stdout.write(message.stdout);
    if (message.stderr !== undefined) process.stderr.write(message.stderr);
  }
  throw new GantryError('InternalError', 'the command ended without an exit code');
}

/** Passes standard input on, in pieces that a message can hold. */
async function pumpInput(session: Session): Promise<void> {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += maxStdinBytes) {
      await session.write({ stdin: chunk.subarray(start, start + maxStdinBytes) });
    }
  }
  await session.write({ stdinClosed: true });
}
