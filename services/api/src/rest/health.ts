import { HealthMetrics } from '@gantry/runtime/health-metrics.ts';

/** One thing that a healthy server can do. */
export interface HealthCheck {
  /** Such as ping; it is also the check's own path. */
  readonly name: string;
  /** The questions that it is asked for: whether the process is to be started anew, and whether it is to get requests. */
  readonly of: readonly ('livez' | 'readyz')[];
  /** The problem, for the log; undefined where there is none. */
  readonly problem: () => string | undefined;
}

/** An answer in plain text. */
export interface PlainAnswer {
  readonly code: number;
  readonly text: string;
}

/** The roots of health paths. /healthz is the older word for /livez. */
const roots = ['livez', 'readyz', 'healthz'] as const;

/** Questions for the health of a server. */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #metrics: HealthMetrics;

  /**
   * @param checks Checks beside those that the process answers and that it does not stop.
   * @param startedAtMs Start of the server, in milliseconds since the Unix epoch.
   */
  constructor(checks: readonly HealthCheck[], isStopping: () => boolean, startedAtMs: number) {
    this.#checks = [
      { name: 'ping', of: ['livez', 'readyz'], problem: () => undefined },
      ...checks,
      { name: 'shutdown', of: ['readyz'], problem: () => (isStopping() ? 'the server stops' : undefined) },
    ];
    this.#metrics = new HealthMetrics(startedAtMs);
  }

  /** Resolves to the results of questions for all checks so far, as Prometheus' text. */
  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  /**
   * Answers a question as kube-apiserver does: `ok`, or with `verbose` and for failures a line for each check. `exclude` names checks that do
   * not count. Undefined for a path that asks for none.
   */
  answerAt(path: string, query: URLSearchParams): PlainAnswer | undefined {
    const [root, name, ...rest] = path.split('/').slice(1);
    const kind = roots.find((each) => each === root);
    if (kind === undefined) return undefined;
    const own = this.#checks.filter(({ of }) => of.includes(kind === 'healthz' ? 'livez' : kind));
    if (name === undefined || name === '') return whole(kind, own, query, this.#metrics);
    const check = own.find((each) => each.name === name);
    if (check === undefined || rest.length > 0) return { code: 404, text: '404 page not found\n' };
    return check.problem() === undefined
      ? { code: 200, text: 'ok' }
      : { code: 500, text: 'internal server error: reason withheld\n' };
  }
}

function whole(
  kind: string,
  checks: readonly HealthCheck[],
  query: URLSearchParams,
  metrics: HealthMetrics,
): PlainAnswer {
  const excluded = new Set(query.getAll('exclude').filter((name) => name !== ''));
  let hasFailed = false;
  const lines = checks.map(({ name, problem }) => {
    if (excluded.delete(name)) return `[+]${name} excluded: ok`;
    const isHealthy = problem() === undefined;
    metrics.observe(name, kind, isHealthy);
    if (isHealthy) return `[+]${name} ok`;
    hasFailed = true;
    // The reason stands in the log: anybody may ask here.
    return `[-]${name} failed: reason withheld`;
  });
  const known = [...excluded].map((name) => JSON.stringify(name)).join(',');
  if (known !== '') lines.push(`warn: some health checks cannot be excluded: no matches for ${known}`);
  if (hasFailed) return { code: 500, text: `${lines.join('\n')}\n${kind} check failed\n` };
  return { code: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${kind} check passed\n` : 'ok' };
}
