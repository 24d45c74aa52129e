import { describe, expect, it } from 'vitest';
import { fromCri } from './client.ts';
import { parseImported } from './images.ts';
import { parseStatus } from './streaming.ts';

describe('errors of container runtimes', () => {
  it.each([
    ['ExecSync', 4, 'context deadline exceeded', 'Timeout'],
    ['ListContainers', 14, 'connect ENOENT', 'ServiceUnavailable'],
    ['ContainerStatus', 5, 'an error occurred when try to find container', 'NotFound'],
    ['PullImage', 2, 'failed to resolve reference "a/b:1": a/b:1: not found', 'NotFound'],
    [
      'PullImage',
      2,
      'pull access denied, repository does not exist or may require authorization: server message',
      'Forbidden',
    ],
    ['PullImage', 2, 'dial tcp 10.0.0.1:443: connect: connection refused', 'ServiceUnavailable'],
    ['StartContainer', 2, 'exec: "x": executable file not found in $PATH: unknown', 'Invalid'],
    ['ExecSync', 2, 'container is in CONTAINER_EXITED state', 'FailedPrecondition'],
    ['CreateContainer', 2, 'failed to reserve container name "a": name "a" is reserved for "1"', 'AlreadyExists'],
    ['RunPodSandbox', 2, 'something else', 'InternalError'],
  ])('%s with code %i and "%s" is %s', (method, code, details, reason) => {
    const error = fromCri(method, { code, details, message: `${code} ${details}` });
    expect(error).toMatchObject({ reason, message: `${method}: ${details}` });
  });
});

describe('parseStatus', () => {
  it.each([
    ['{"status":"Success"}', 0],
    ['{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"9"}]}}', 9],
    ['{"status":"Failure","reason":"InternalError","message":"no such program"}', undefined],
    ['{', undefined],
    ['', undefined],
  ])('%s', (text, exitCode) => {
    expect(parseStatus(text)).toMatchObject({ exitCode });
  });
});

it('reads the names of imported images', () => {
  const output = `unpacking gantry.dev/pause:1 (sha256:${'ab'.repeat(32)})...done\nother line\nunpacking a/b@sha256:1 (sha256:${'0'.repeat(64)})...done\n`;
  expect(parseImported(output)).toEqual(['gantry.dev/pause:1', 'a/b@sha256:1']);
});
