import { GantryError } from '@gantry/runtime/errors.ts';

/** Most bytes of an answer: one number, and the names of one series. */
const maxAnswerBytes = 64 * 1024;
/** Milliseconds that a query may take. */
const timeoutMs = 5_000;

/**
 * Asks a Prometheus server for the one value of an expression.
 *
 * @param address such as http://prometheus.monitoring:9090; a path before /api/v1 may follow.
 * @throws GantryError (ServiceUnavailable) where it does not answer in time, refuses the expression, or has none or several values.
 */
export async function queryPrometheus(address: string, query: string, signal: AbortSignal): Promise<number> {
  const url = new URL(`${address.replace(/\/$/, '')}/api/v1/query`);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ query }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return singleValue(await boundedText(response), response.status);
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    throw new GantryError('ServiceUnavailable', `Prometheus has no value: ${problem}`);
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
}

/** The number in an answer: a scalar, or a vector of one series. Prometheus writes it as text, and not only finite ones. */
function singleValue(text: string, httpStatus: number): number {
  const { status, error, data } = parsed(text, httpStatus);
  if (status !== 'success') throw new Error(error ?? `it answered with HTTP status ${httpStatus}`);
  const { resultType, result } = data ?? {};
  if (!Array.isArray(result)) throw new Error('the answer has no result');
  if (resultType === 'scalar') return numberIn(result);
  if (resultType !== 'vector') throw new Error(`the expression has a ${resultType}, and no single value`);
  if (result.length !== 1) throw new Error(`the expression has ${result.length} values, and not one`);
  return numberIn((result[0] as { readonly value?: unknown } | null)?.value);
}

function parsed(text: string, httpStatus: number): Answer {
  try {
    return (JSON.parse(text) ?? {}) as Answer;
  } catch {
    throw new Error(`it answered with HTTP status ${httpStatus}, and no JSON`);
  }
}

/** A sample is a time and a text. */
function numberIn(sample: unknown): number {
  const value = Array.isArray(sample) ? sample[1] : undefined;
  if (typeof value !== 'string' || value.trim() === '') throw new Error('the answer has no value');
  if (value === '+Inf') return Number.POSITIVE_INFINITY;
  return value === '-Inf' ? Number.NEGATIVE_INFINITY : Number(value);
}
