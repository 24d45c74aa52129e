import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits } from '../core/limits.ts';
import { RestClient } from './testing/client.ts';
import { Random } from './testing/random.ts';
import { type Wild, wild } from './testing/wild.ts';

// Whatever is sent: the edge answers with a Status that blames the request, and lives. GANTRY_FUZZ says how many requests, GANTRY_SEED
// which ones.

const requests = Number(process.env.GANTRY_FUZZ ?? 2_000);
const seed = Number(process.env.GANTRY_SEED ?? 1);
/** Requests under way at one time. */
const parallel = 8;
/** Milliseconds after which a client gives an answer up: watches go on. */
const patienceMs = 10_000;
/** Bytes by which the process may have grown when all is over. */
const maxGrowthBytes = 200 * 1024 * 1024;

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start({ limits: { ...defaultLimits, maxRequestBytes: 100_000 } });
});
afterAll(() => client?.[Symbol.asyncDispose]());

/** An answer, or why there is none. */
interface Outcome {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

function send({ method, path, headers, body }: Wild): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const options = {
    host: '127.0.0.1',
    port: client.port,
    method,
    path,
    headers: { ...headers, 'content-length': body?.length ?? 0 },
  };
  const call = request(options, (response) => {
    const chunks: Buffer[] = [];
    const done = (): void =>
      resolve({
        code: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        body: Buffer.concat(chunks).toString(),
      });
    response
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', done)
      .on('error', done);
  });
  call.setTimeout(patienceMs, () => call.destroy(new Error('no answer')));
  call.on('error', ({ message }) => resolve({ code: 0, type: '', body: message }));
  call.end(body);
  return promise;
}

/** A refusal in words, or undefined for an answer as it should be. */
function faultOf({ method, path }: Wild, { code, type, body }: Outcome): string | undefined {
  const shown = `${method} ${path} → ${code} ${body.slice(0, 300)}`;
  // An upload that is refused may be cut off before it is whole.
  if (code === 0) return /ECONNRESET|EPIPE|socket hang up/.test(body) ? undefined : shown;
  if (code >= 500 && code !== 503 && code !== 504) return shown;
  const isBlame = code >= 400 && method !== 'HEAD';
  if (isBlame && type.includes('json') && JSON.parse(body).kind !== 'Status') return shown;
  return undefined;
}

test(`${requests} requests without sense are answered, each with the blame that it deserves`, {
  timeout: 60_000 + requests * 20,
}, async () => {
  const random = new Random(seed);
  const codes = new Map<number, number>();
  const faults: string[] = [];
  let left = requests;
  const before = process.memoryUsage().rss;
  const work = async (): Promise<void> => {
    while (left-- > 0 && faults.length < 20) {
      const next = wild(random);
      const outcome = await send(next);
      codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
      const fault = faultOf(next, outcome);
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  expect(faults).toEqual([]);
  // Not all is refused, or nothing was tried.
  expect([...codes.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 405]));
  expect(process.memoryUsage().rss - before).toBeLessThan(maxGrowthBytes);
  expect(await client.ask('GET', '/readyz')).toMatchObject({ code: 200 });
});
