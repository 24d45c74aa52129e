/** A load at a constant rate, and what became of it. */
export interface Load {
  /** Requests sent until now. */
  readonly sent: number;
  /** Stops sending and resolves with the figures once every answer is in. */
  stop(): Promise<LoadResult>;
}

/** A request that failed. */
export interface Failure {
  /** Time of sending, in milliseconds since the Unix epoch. */
  readonly sentAtMs: number;
  /** A status or an error code. */
  readonly why: string;
}

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

/** Sends GET requests at a constant rate, each on a time of its own whether or not those before it were answered. */
export function startLoad(url: string, perSecond: number): Load {
  const failures: Failure[] = [];
  const answers = new Map<string, number>();
  const inFlight = new Set<Promise<void>>();
  let sent = 0;
  const send = (): void => {
    sent++;
    const sentAtMs = Date.now();
    if (inFlight.size >= maxInFlight) {
      failures.push({ sentAtMs, why: 'too many requests in flight' });
      return;
    }
    const request: Promise<void> = ask(url)
      .then((text) => void answers.set(text, (answers.get(text) ?? 0) + 1))
      .catch((error: unknown) => void failures.push({ sentAtMs, why: describe(error) }))
      .finally(() => inFlight.delete(request));
    inFlight.add(request);
  };
  const timer = setInterval(send, 1000 / perSecond);
  return {
    get sent() {
      return sent;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(inFlight);
      return { sent, failures, answers };
    },
  };
}

/** The text of one answer; throws for a status other than 200. */
export async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text.slice(0, 100)}`);
  return text.trim();
}

function describe(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
