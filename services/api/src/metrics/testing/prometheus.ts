import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Prometheus that a test plays. */
export interface PlayedPrometheus extends AsyncDisposable {
  readonly address: string;
  /** Questions so far, as the path's last part and the form. */
  readonly asked: [path: string, form: URLSearchParams][];
  /** Authorization of the last question. */
  authorization: string | undefined;
  /** Series by selector; none for others. */
  readonly series: Map<string, object[]>;
  /** The answer to every expression. */
  answer: (expression: string, response: ServerResponse) => void;
}

/** An instant vector, as Prometheus answers. */
export function vector(...results: readonly (readonly [metric: object, value: string, atSeconds?: number])[]) {
  const result = results.map(([metric, value, at = Date.now() / 1_000]) => ({ metric, value: [at, value] }));
  return (_: string, response: ServerResponse): void => send(response, { resultType: 'vector', result });
}

/** Starts one that knows no series and has no values. */
export async function playPrometheus(): Promise<PlayedPrometheus> {
  const played: Omit<PlayedPrometheus, keyof AsyncDisposable | 'address'> = {
    asked: [],
    authorization: undefined,
    series: new Map(),
    answer: vector(),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const path = request.url!.split('/').at(-1)!;
    played.asked.push([path, form]);
    played.authorization = request.headers.authorization;
    if (path === 'series') send(response, played.series.get(form.get('match[]')!) ?? []);
    else played.answer(form.get('query')!, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(played, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

function send(response: ServerResponse, data: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data }));
}
