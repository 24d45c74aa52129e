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

/**
 * Answers a question for health as kube-apiserver does: `ok`, or with `verbose` and for failures a line for each check. `exclude` names
 * checks that do not count. Undefined for a path that asks for none.
 */
export function healthAt(
  path: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
): PlainAnswer | undefined {
  const [root, name, ...rest] = path.split('/').slice(1);
  const kind = roots.find((each) => each === root);
  if (kind === undefined) return undefined;
  const own = checks.filter(({ of }) => of.includes(kind === 'healthz' ? 'livez' : kind));
  if (name === undefined || name === '') return whole(kind, own, query);
  const check = own.find((each) => each.name === name);
  if (check === undefined || rest.length > 0) return { code: 404, text: '404 page not found\n' };
  return check.problem() === undefined
    ? { code: 200, text: 'ok' }
    : { code: 500, text: 'internal server error: reason withheld\n' };
}

function whole(kind: string, checks: readonly HealthCheck[], query: URLSearchParams): PlainAnswer {
  const excluded = new Set(query.getAll('exclude').filter((name) => name !== ''));
  let hasFailed = false;
  const lines = checks.map(({ name, problem }) => {
    if (excluded.delete(name)) return `[+]${name} excluded: ok`;
    if (problem() === undefined) return `[+]${name} ok`;
    hasFailed = true;
    // The reason stands in the log: anybody may ask here.
    return `[-]${name} failed: reason withheld`;
  });
  const known = [...excluded].map((name) => JSON.stringify(name)).join(',');
  if (known !== '') lines.push(`warn: some health checks cannot be excluded: no matches for ${known}`);
  if (hasFailed) return { code: 500, text: `${lines.join('\n')}\n${kind} check failed\n` };
  return { code: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${kind} check passed\n` : 'ok' };
}
