import { GantryError } from '@gantry/runtime/errors.ts';

/** A series of Prometheus: its name is the label `__name__`. */
export type Labels = Readonly<Record<string, string>>;

/** The value of one series at a moment. */
export interface PromSample {
  readonly labels: Labels;
  /** NaN and infinite where Prometheus says so. */
  readonly value: number;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
}

/** Prometheus' HTTP API, as far as it is asked. Calls reject with ServiceUnavailable where there is no good answer in time. */
export interface Prometheus {
  /** The series that a selector takes, of the last minutes. */
  series(selector: string, signal: AbortSignal): Promise<readonly Labels[]>;
  /** The values of an expression now. */
  query(expression: string, signal: AbortSignal): Promise<readonly PromSample[]>;
}

/** Bounds of what a Prometheus is asked, and of what it may answer. */
export interface PrometheusLimits {
  /** Milliseconds that a question may take. */
  readonly timeoutMs: number;
  /** Bytes of an answer. */
  readonly maxBytes: number;
  /** Series of a selector. */
  readonly maxSeries: number;
  /** Values of an expression. */
  readonly maxSamples: number;
  /** Seconds for which series are listed after their last sample. */
  readonly seriesAgeSeconds: number;
}

export const defaultPrometheusLimits: PrometheusLimits = {
  timeoutMs: 5_000,
  maxBytes: 8 * 1024 * 1024,
  maxSeries: 20_000,
  maxSamples: 5_000,
  seriesAgeSeconds: 300,
};

/**
 * A Prometheus server.
 * @param address Such as http://prometheus.monitoring:9090; a name and password may go before the host, and a path before /api/v1 may follow.
 * @param nowMs Milliseconds since the Unix epoch.
 */
export function prometheusAt(
  address: string,
  nowMs: () => number,
  limits: PrometheusLimits = defaultPrometheusLimits,
): Prometheus {
  const { base, headers } = wayTo(address);
  const ask = (path: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> =>
    asked(`${base}/api/v1/${path}`, headers, form, limits, signal);
  return {
    series: async (selector, signal) => {
      const start = String(Math.floor(nowMs() / 1_000) - limits.seriesAgeSeconds);
      const found = await ask('series', { 'match[]': selector, start, limit: String(limits.maxSeries + 1) }, signal);
      const series = bounded(found, limits.maxSeries, 'series');
      return series.map((each) => labelsIn(each));
    },
    query: async (query, signal) => {
      const answer = (await ask('query', { query }, signal)) as { resultType?: unknown; result?: unknown } | null;
      if (answer?.resultType === 'scalar') return [sampleIn({ metric: {}, value: answer.result })];
      if (answer?.resultType !== 'vector') {
        throw broken(`the expression ${query} has the type ${String(answer?.resultType)} and no values of now`);
      }
      return bounded(answer.result, limits.maxSamples, 'values').map(sampleIn);
    },
  };
}

/** The address without a name and password, which are sent as Basic credentials and stand in no message. */
function wayTo(address: string): { readonly base: string; readonly headers: Readonly<Record<string, string>> } {
  const url = new URL(address);
  const [name, password] = [url.username, url.password].map(decodeURIComponent);
  [url.username, url.password] = ['', ''];
  const base = url.href.replace(/\/$/, '');
  if (name === '' && password === '') return { base, headers: {} };
  return { base, headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` } };
}

/** The data of an answer. */
async function asked(
  url: string,
  headers: Readonly<Record<string, string>>,
  form: Readonly<Record<string, string>>,
  { timeoutMs, maxBytes }: PrometheusLimits,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, accept: 'application/json' },
      body: new URLSearchParams(form),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return dataIn(await boundedText(response, maxBytes), response.status);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GantryError) throw error;
    const { name, message, cause } = error as Error & { cause?: { message?: string } };
    const isLate = name === 'TimeoutError';
    throw broken(isLate ? `it does not answer within ${timeoutMs / 1_000} seconds` : (cause?.message ?? message));
  }
}

async function boundedText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw broken(`its answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Prometheus tells of errors in the same form, with HTTP status 400 or 422. */
function dataIn(text: string, httpStatus: number): unknown {
  let answer: { readonly status?: unknown; readonly error?: unknown; readonly data?: unknown } | null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw broken(`it answers with HTTP status ${httpStatus}, and no JSON`);
  }
  if (answer?.status === 'success') return answer.data;
  throw broken(typeof answer?.error === 'string' ? answer.error : `it answers with HTTP status ${httpStatus}`);
}

function bounded(found: unknown, most: number, what: string): readonly unknown[] {
  if (!Array.isArray(found)) throw broken(`its answer has no ${what}`);
  if (found.length > most) throw broken(`its answer has more than ${most} ${what}`);
  return found;
}

function labelsIn(series: unknown): Labels {
  const entries = Object.entries((series ?? {}) as object);
  if (!entries.every(([, value]) => typeof value === 'string')) throw broken('its answer has a label that is no text');
  return Object.fromEntries(entries);
}

/** A value is a time in seconds and a text. */
function sampleIn(result: unknown): PromSample {
  const { metric, value } = (result ?? {}) as { readonly metric?: unknown; readonly value?: unknown };
  const [seconds, text] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof seconds !== 'number' || typeof text !== 'string' || text.trim() === '') {
    throw broken('its answer has a series without a value');
  }
  return { labels: labelsIn(metric), value: numberIn(text), timestampMs: seconds * 1_000 };
}

function numberIn(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function broken(problem: string): GantryError {
  return new GantryError('ServiceUnavailable', `Prometheus has no answer: ${problem}`);
}
