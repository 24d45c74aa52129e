import type { ReadStream } from 'node:tty';
import type { ExecInput, ExecOutput } from '@gantry/client/pod-messages.ts';
import { type DuplexCall, maxStdinBytes } from '@gantry/client/pods.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode } from '../context.ts';
import { podFor } from '../pods.ts';

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
  using _terminal = tty ? rawTerminal(session) : undefined;
  using _input = flags.stdin ? pumpInput(process.stdin, session) : undefined;
  const code = await printOutput(session);
  if (code !== 0) throw new Exit(code, tty ? '' : `command terminated with exit code ${code}`);
}

type Session = DuplexCall<ExecInput, ExecOutput>;

/** Passes every key on as it is typed, and tells the session the size of the terminal. Disposing of it undoes that. */
function rawTerminal(session: Session): Disposable {
  const resize = (): void => {
    const { columns: width, rows: height } = process.stdout;
    void session.write({ resize: { width, height } });
  };
  process.stdin.setRawMode(true);
  process.stdout.on('resize', resize);
  resize();
  return {
    [Symbol.dispose]: () => {
      process.stdout.off('resize', resize);
      process.stdin.setRawMode(false);
    },
  };
}

/** Prints the command's output until it ends; resolves to its exit code. */
async function printOutput(session: Session): Promise<number> {
  for await (const message of session.output) {
    if (message.exit !== undefined) return message.exit.code ?? 0;
    if (message.stdout !== undefined) process.stdout.write(message.stdout);
    if (message.stderr !== undefined) process.stderr.write(message.stderr);
  }
  throw new GantryError('InternalError', 'the command ended without an exit code');
}

/**
 * Passes input on, in pieces that a message can hold, until it ends. Disposing of it closes the input, although nobody has
 * closed the other side: the command has ended.
 */
function pumpInput(input: ReadStream, session: Session): Disposable {
  let over = false;
  // Input that cannot be read, such as that of a terminal that is gone, has ended like any other.
  void forward(input, session)
    .catch(() => {})
    .then(() => (over ? undefined : session.write({ stdinClosed: true })));
  return {
    [Symbol.dispose]: () => {
      over = true;
      input.destroy();
    },
  };
}

async function forward(input: AsyncIterable<Buffer>, session: Session): Promise<void> {
  for await (const chunk of input) {
    for (let start = 0; start < chunk.length; start += maxStdinBytes) {
      await session.write({ stdin: chunk.subarray(start, start + maxStdinBytes) });
    }
  }
}
