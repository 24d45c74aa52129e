import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { queryPrometheus } from './prometheus.ts';

let server: Server | undefined;
const { signal } = new AbortController();

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves one answer to every query, and gives its address and the queries that came. */
async function serving(status: number, body: string, headers = {}): Promise<{ address: string; queries: string[] }> {
  const queries: string[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      queries.push(`${request.url} ${new URLSearchParams(text).get('query')}`);
      response.writeHead(status, headers).end(body);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, queries };
}

const answer = (resultType: string, result: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType, result } });

describe('a query of Prometheus', () => {
  it.each([
    ['scalar', [1, '0.5'], 0.5],
    ['vector', [{ metric: { a: 'b' }, value: [1, '12'] }], 12],
    ['vector', [{ metric: {}, value: [1, 'NaN'] }], Number.NaN],
    ['vector', [{ metric: {}, value: [1, '+Inf'] }], Number.POSITIVE_INFINITY],
  ])('has the value of a %s', async (type, result, value) => {
    const { address, queries } = await serving(200, answer(type, result));
    expect(await queryPrometheus(`${address}/prefix/`, 'up{a="b"} + 1', signal)).toBe(value);
    expect(queries).toEqual(['/prefix/api/v1/query up{a="b"} + 1']);
  });

  it.each([
    [200, answer('vector', []), '0 values'],
    [200, answer('vector', [{ value: [1, '1'] }, { value: [1, '2'] }]), '2 values'],
    [200, answer('matrix', []), 'matrix'],
    [200, answer('vector', [{ value: [1, ''] }]), 'no value'],
    [200, answer('vector', [null]), 'no value'],
    [200, 'null', 'HTTP status 200'],
    [400, '{"status":"error","error":"parse error"}', 'parse error'],
    [502, '<html>', 'HTTP status 502'],
    [200, `"${'x'.repeat(70_000)}"`, 'more than 65536 bytes'],
  ])('has none where it answers %i %s', async (status, body, problem) => {
    const { address } = await serving(status, body);
    await expect(queryPrometheus(address, 'up', signal)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: expect.stringContaining(problem),
    });
  });

  it('follows nobody elsewhere', async () => {
    const { address, queries } = await serving(302, '', { location: '/elsewhere' });
    await expect(queryPrometheus(address, 'up', signal)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(queries).toHaveLength(1);
  });

  it('has none where nobody listens', async () => {
    await expect(queryPrometheus('http://127.0.0.1:1', 'up', signal)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
    });
  });
});
