import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommand } from '../testing/command.ts';
import { startTestShell, type TestShell } from '../testing/shell.ts';

let shell: TestShell;
beforeAll(async () => {
  shell = await startTestShell();
});
afterAll(() => shell[Symbol.asyncDispose]());

const exec = (...args: string[]): ReturnType<typeof startCommand> =>
  startCommand(['-s', shell.address, 'exec', ...args]);

test('a command that ends before its input does ends the program', async () => {
  // Nobody ends the input.
  expect(await exec('-i', 'web', '--', 'true').ended).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('a shell that exits before its input ends gives the program its exit code', async () => {
  const { stdin, ended } = exec('-i', 'web', '--', 'sh');
  stdin.write('hello\nexit 5\n');
  expect(await ended).toEqual({ code: 5, stdout: 'hello\n', stderr: 'command terminated with exit code 5\n' });
});

test('input that ends is passed on whole', async () => {
  const { stdin, ended } = exec('-i', 'web', '--', 'sh');
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
  stdin.end(lines);
  expect(await ended).toEqual({ code: 0, stdout: lines, stderr: '' });
});
