import { expect, test } from 'vitest';
import { projectFile, startProgram } from '../command.ts';
import type { Kubectl } from './kubectl.ts';
import { image } from './objects.ts';

/** The client library for Python. */
export function pythonClient(k: Kubectl): void {
  test('lists, watches, patches, streams and reads logs', async () => {
    const script = projectFile('test/e2e/clients/python_client.py');
    const python = projectFile('.gantry/venv/bin/python');
    const { code, stdout, stderr } = await startProgram(python, [script, k.kubeconfig, k.namespace, image]).ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      watched: [
        ['MODIFIED', { a: '1', b: '2' }],
        ['MODIFIED', { b: '2' }],
        ['DELETED', { b: '2' }],
      ],
      exec: 'hello\n',
      log: 'started\n',
      refused: [404, 'NotFound'],
      deployments: 0,
    });
  });
}
