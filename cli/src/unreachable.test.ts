import { createServer } from 'node:net';
import { connect } from '@gantry/client/client.ts';
import { fromGrpcError, toServiceError } from '@gantry/client/errors-grpc.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, test } from 'vitest';
import { explainUnreachable } from './unreachable.ts';

/** The error that a call of a server gives. */
async function failureOf(server: string): Promise<unknown> {
  using client = connect(server, { whenAway: 'fail' });
  return explainUnreachable(await client.list('Pod').catch((error: unknown) => error), server);
}

test('a refused connection names the server', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const server = `127.0.0.1:${(free.address() as { port: number }).port}`;
  await new Promise((resolve) => free.close(resolve));
  expect(await failureOf(server)).toMatchObject({
    code: 3,
    message: `The connection to the server ${server} was refused - did you specify the right host or port?`,
  });
});

test('a server that cannot be found is told without the words of the library', async () => {
  const failure = await failureOf('unix:/nowhere/gantry.sock');
  expect(failure).toMatchObject({
    code: 3,
    message: expect.stringMatching(/^Unable to connect to the server: connect ENOENT/),
  });
  expect((failure as Error).message).not.toMatch(/Resolution|Last error/);
});

test('what a server says of itself stays as it is', () => {
  const said = fromGrpcError(toServiceError(new GantryError('ServiceUnavailable', 'the store is away')));
  expect(explainUnreachable(said, 'x:1')).toBe(said);
  const other = new GantryError('NotFound', 'pods "a" not found');
  expect(explainUnreachable(other, 'x:1')).toBe(other);
});
