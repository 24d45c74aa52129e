import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import { watchTermination } from '@gantry/runtime/service.ts';
import { CommanderError } from 'commander';
import { Exit, ExitCode } from './context.ts';
import { createProgram } from './program.ts';

const termination = watchTermination();
const { signal } = termination;
// A reader that closes the pipe, as `head` does, ends the command. A terminal that is gone does not: the work goes on unseen.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(ExitCode.ok);
});
process.stderr.on('error', () => {});
try {
  await createProgram(termination).parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof Exit) {
    if (error.message !== '') process.stderr.write(`${error.message}\n`);
    return error.code;
  }
  if (signal.aborted && isError(error, 'Cancelled')) return ExitCode.ok;
  const known = toGantryError(error);
  process.stderr.write(`Error from server (${known.reason}): ${known.message}\n`);
  return isError(known, 'ServiceUnavailable') ? ExitCode.unreachable : ExitCode.failed;
}
