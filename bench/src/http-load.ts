/** A load of HTTP requests, and what became of it. */
export interface Load {
  /** Requests sent until now. */
  readonly sent: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** Requests that ended until now, in the order of their ends. */
  readonly ended: readonly EndedRequest[];
  /** Stops sending and resolves with the figures once every answer is in. */
  stop(): Promise<LoadResult>;
}

/** A request that has its answer, or failed. */
export interface EndedRequest {
  /** Time of sending, in milliseconds since the Unix epoch. */
  readonly sentAtMs: number;
  /** Milliseconds until the whole answer was there, or the request failed. */
  readonly tookMs: number;
  /** A status or an error code; undefined where it was answered with 200. */
  readonly why?: string;
}

/** A request that failed. */
export type Failure = EndedRequest & { readonly why: string };

export interface LoadResult {
  readonly sent: number;
  readonly failures: readonly Failure[];
  /** How often each answer came, by its text. */
  readonly answers: ReadonlyMap<string, number>;
}

/** Requests under way at most; a server that stands still must not pile up sockets. */
const maxInFlight = 200;
/** Milliseconds after which a request counts as failed. */
const timeoutMs = 10_000;
/** Milliseconds between looks at the number of requests that are due. */
const tickMs = 5;
/** Milliseconds that are made up for at most after this process stood still: a flood would measure itself. */
const maxCatchUpMs = 250;

interface LoadLimits {
  /** Requests under way at most; those beyond fail. */
  readonly maxInFlight?: number;
  /** Milliseconds after which a request counts as failed. */
  readonly timeoutMs?: number;
}

/**
 * Sends GET requests at a rate, each on a time of its own whether or not those before it were answered (open loop).
 * @param perSecond The rate, or a function that tells it as the load goes on.
 */
export function startLoad(url: string, perSecond: number | (() => number), limits: LoadLimits = {}): Load {
  const rate = typeof perSecond === 'number' ? () => perSecond : perSecond;
  const answers = new Map<string, number>();
  const ended: EndedRequest[] = [];
  const inFlight = new Set<Promise<void>>();
  let sent = 0;
  const send = (): void => {
    sent++;
    const sentAtMs = Date.now();
    const startedMs = performance.now();
    const end = (why?: string): void => {
      ended.push({ sentAtMs, tookMs: performance.now() - startedMs, ...(why === undefined ? {} : { why }) });
    };
    if (inFlight.size >= (limits.maxInFlight ?? maxInFlight)) {
      end('too many requests in flight');
      return;
    }
    const request: Promise<void> = ask(url, limits.timeoutMs)
      .then((text) => {
        answers.set(text, (answers.get(text) ?? 0) + 1);
        end();
      })
      .catch((error: unknown) => end(describe(error)))
      .finally(() => inFlight.delete(request));
    inFlight.add(request);
  };
  const timer = sendAtRate(rate, send);
  return {
    get sent() {
      return sent;
    },
    get inFlight() {
      return inFlight.size;
    },
    ended,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(inFlight);
      return { sent, failures: ended.filter((one): one is Failure => one.why !== undefined), answers };
    },
  };
}

/** Calls `send` as often as the rate says, on average, however late timers are. */
function sendAtRate(rate: () => number, send: () => void): NodeJS.Timeout {
  let due = 0;
  let lastMs = performance.now();
  return setInterval(() => {
    const nowMs = performance.now();
    due += (rate() * Math.min(nowMs - lastMs, maxCatchUpMs)) / 1_000;
    lastMs = nowMs;
    for (; due >= 1; due--) send();
  }, tickMs);
}

/** The text of one answer; throws for a status other than 200. */
export async function ask(url: string, limitMs = timeoutMs): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limitMs) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text.slice(0, 100)}`);
  return text.trim();
}

/** Milliseconds within which that share of the answered requests were answered; undefined where none was. */
export function latencyMs(requests: readonly EndedRequest[], share: number): number | undefined {
  const times = requests.flatMap(({ why, tookMs }) => (why === undefined ? [tookMs] : [])).sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))];
}

function describe(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
