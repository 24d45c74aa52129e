import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandLine } from '../testing/command.ts';
import { startTestShell } from '../testing/shell.ts';

/** Runs a command in a terminal of its own, types lines one after another, and prints its output and exit code as JSON. */
const inTerminal = `
import json, os, pty, sys
lines, command = json.loads(sys.argv[1]), json.loads(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
output = b''
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    output += chunk
    # Each line waits for the answer to the one before it; the first, for the shell's prompt.
    if lines and output.endswith(b'$ '):
        os.write(terminal, (lines.pop(0) + '\\r').encode())
print(json.dumps({'output': output.decode(), 'code': os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}))
`;

async function typeInto(lines: readonly string[]): Promise<{ output: string; code: number }> {
  await using shell = await startTestShell();
  const command = commandLine(['-s', shell.address, 'exec', '-it', 'web', '--', 'sh']);
  const args = ['-c', inTerminal, JSON.stringify(lines), JSON.stringify(command)];
  const { stdout } = await promisify(execFile)('python3', args, { timeout: 30_000 });
  return JSON.parse(stdout);
}

test('a shell in a terminal ends with its own exit code, and the program says nothing', async () => {
  expect(await typeInto(['hello', 'exit 5'])).toEqual({ output: '$ hello\r\n$ ', code: 5 });
});

test('Ctrl-C goes to the shell, not to the program', async () => {
  expect(await typeInto(['\x03', 'exit 0'])).toEqual({ output: '$ \x03\r\n$ ', code: 0 });
});
