/**
 * The annotation `gantry.dev/after`, which makes a Job start after others: a list such as `job/extract, job/old=Finished,
 * deployment/db=Available` of Jobs and Deployments of its namespace, and of what must be true of each before the Job's pods are made.
 */

/** The annotation of Jobs that start after others. */
export const afterAnnotation = 'gantry.dev/after';
/** Path of the annotation in errors. */
export const afterField = `metadata.annotations[${afterAnnotation}]`;

/** States that can be asked of each kind; the first is asked where nothing is said. */
export const prerequisiteStates = {
  Job: ['Complete', 'Failed', 'Finished'],
  Deployment: ['Available', 'RolledOut'],
} as const;

/** An object that a Job comes after, and what must be true of it. */
export type Prerequisite =
  | { readonly kind: 'Job'; readonly name: string; readonly state: (typeof prerequisiteStates.Job)[number] }
  | {
      readonly kind: 'Deployment';
      readonly name: string;
      readonly state: (typeof prerequisiteStates.Deployment)[number];
    };

/** Objects that one Job may come after: each costs a look whenever one of them changes. */
export const maxPrerequisites = 64;

const kinds: Readonly<Record<string, keyof typeof prerequisiteStates>> = {
  job: 'Job',
  jobs: 'Job',
  deployment: 'Deployment',
  deployments: 'Deployment',
};
const name = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The prerequisites that a Job's annotations name, or the problems of their text; none without the annotation. */
export function prerequisitesOf(annotations: Readonly<Record<string, string>> | undefined): {
  readonly prerequisites: readonly Prerequisite[];
  readonly problems: readonly string[];
} {
  const text = annotations?.[afterAnnotation];
  if (text === undefined) return { prerequisites: [], problems: [] };
  const items = text.split(',').map((item) => item.trim());
  if (items.length > maxPrerequisites) {
    return {
      prerequisites: [],
      problems: [`must name at most ${maxPrerequisites} objects, and names ${items.length}`],
    };
  }
  const parsed = items.map(parseItem);
  return {
    prerequisites: parsed.filter((item) => typeof item !== 'string'),
    problems: parsed.filter((item) => typeof item === 'string'),
  };
}

function parseItem(item: string): Prerequisite | string {
  const match = /^([^/=]+)\/([^/=]+)(?:=(.*))?$/.exec(item);
  if (match === null)
    return `${JSON.stringify(item)} must have the form job/NAME or deployment/NAME, and may end in =STATE`;
  const kind = Object.hasOwn(kinds, match[1]!) ? kinds[match[1]!]! : undefined;
  if (kind === undefined) return `${JSON.stringify(item)} must name a job or a deployment, and not a ${match[1]}`;
  if (!name.test(match[2]!)) return `${JSON.stringify(match[2])} is no name of an object`;
  const states: readonly string[] = prerequisiteStates[kind];
  const state = match[3] ?? states[0]!;
  if (!states.includes(state)) return `a ${kind} can be ${states.join(', ')}, and not ${JSON.stringify(state)}`;
  return { kind, name: match[2]!, state } as Prerequisite;
}

/**
 * A circle of Jobs that wait for one another, which a Job's prerequisites close: its name first and last. Undefined where there is none.
 *
 * @param annotationsOf annotations of a Job of the namespace, by its name; undefined where there is no such Job.
 */
export function cycleOf(
  start: string,
  annotations: Readonly<Record<string, string>> | undefined,
  annotationsOf: (name: string) => Readonly<Record<string, string>> | undefined,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let next = 0; next < queue.length; next++) {
    const job = queue[next]!;
    const { prerequisites } = prerequisitesOf(job === start ? annotations : annotationsOf(job));
    for (const { kind, name: other } of prerequisites) {
      if (kind !== 'Job') continue;
      if (other === start) return pathTo(job, cameFrom, start);
      if (cameFrom.has(other)) continue;
      cameFrom.set(other, job);
      queue.push(other);
    }
  }
  return undefined;
}

function pathTo(last: string, cameFrom: ReadonlyMap<string, string>, start: string): string[] {
  const path = [start];
  for (let job: string | undefined = last; job !== undefined && job !== start; job = cameFrom.get(job))
    path.unshift(job);
  return [start, ...path];
}
