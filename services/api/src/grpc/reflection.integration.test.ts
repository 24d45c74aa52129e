import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { protoFolder } from '@gantry/model/proto-files.ts';
import { expect, test } from 'vitest';
import { startTestApi } from '../testing/harness.ts';

const python = fileURLToPath(new URL('../../../../.gantry/venv/bin/python', import.meta.url));
const client = fileURLToPath(new URL('../testing/reflection_client.py', import.meta.url));

test('a Python client learns every message from reflection, as protoc describes it, and calls methods with them', async () => {
  await using running = await startTestApi();
  const { stdout } = await promisify(execFile)(python, [client, running.api.address, protoFolder]);
  const { services, files, ...rest } = JSON.parse(stdout);
  expect(Object.keys(services).sort()).toEqual([
    'gantry.api.v1.AccessService',
    'gantry.api.v1.MetricsService',
    'gantry.api.v1.NodeService',
    'gantry.api.v1.PlacementService',
    'gantry.api.v1.PodService',
    'gantry.api.v1.ResourceService',
    'gantry.api.v1.SchedulingService',
    'gantry.api.v1.TokenService',
    'gantry.api.v1.TrafficService',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ]);
  expect(services['gantry.api.v1.PodService']).toEqual(['Logs', 'Exec', 'Attach', 'PortForward', 'Stats']);
  expect(files).toEqual(expect.arrayContaining(['gantry/api/v1/resources.proto', 'gantry/core/v1/pod.proto']));
  expect(rest).toEqual({
    different: [],
    outcome: 'CREATED',
    data: [{ a: 'b' }],
    health: { status: 'SERVING' },
  });
});
