/** Cases of the differential tests: sequences of requests, and what came back. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** An object that a request names. */
export interface Ref {
  readonly kind: string;
  readonly name: string;
}

/** Media types of patches by their short names. */
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** A request as HTTP has it, which both sides get in the same words. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** Sent as JSON, or as it is where it is a text. */
  readonly body?: unknown;
  /** Media type of the body, or the short name of a patch; JSON if absent. */
  readonly type?: keyof typeof patchTypes | (string & {});
  readonly accept?: string;
  /** User-Agent; `differential/1.0` if absent. */
  readonly agent?: string;
  /** The owners of fields in the answer are compared, too, but for their times. */
  readonly managers?: true;
  /** The texts of the answer's Warning headers are compared, too. */
  readonly warnings?: true;
}

/** One request; exactly one property is set. */
export interface Step {
  readonly http?: HttpRequest;
  /** An object that is sent to be created. */
  readonly create?: Json;
  /** A manifest, as a value or as text, that is applied as `kubectl apply` does on the client's side. */
  readonly apply?: Json | string;
  /** An object that replaces the stored one. */
  readonly update?: Json;
  /** The stored object is read, changed by a merge patch at the client, and sent as an update: with its uid and resourceVersion. */
  readonly replace?: Ref & { readonly set: Json; readonly subresource?: 'status' };
  readonly patch?: Ref & {
    readonly type: 'json' | 'merge' | 'strategic';
    readonly body: unknown;
    readonly subresource?: 'status';
  };
  readonly delete?: Ref & { readonly options?: Json };
  readonly get?: Ref;
  /** The object as a table, the form in which kubectl prints it. */
  readonly table?: Ref;
  /** The object once it has a condition, such as Established=True, or Established=False with a reason after it; without one, the answer once it is gone. */
  readonly until?: Ref & { readonly condition?: string };
}

/** Requests that follow one another; each case starts from an empty cluster. */
export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The answer to one request. */
export interface Answer {
  /** HTTP's code. */
  readonly code: number;
  /** Of a refusal. */
  readonly reason?: string;
  readonly message?: string;
  readonly causes?: readonly Cause[];
  /** Of a success. */
  readonly object?: Json;
  /** Texts of the Warning headers, where the step asks for them. */
  readonly warnings?: readonly string[];
}

export interface Cause {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

const here = fileURLToPath(new URL('./', import.meta.url));

/** A table of one row as both sides are compared by: headings in capitals (those of wide columns in parentheses), and texts. */
export function tableAnswer(columns: readonly { name: string; wide: boolean }[], cells: readonly unknown[]): Answer {
  const headings = columns.map(({ name, wide }) => (wide ? `(${name.toUpperCase()})` : name.toUpperCase()));
  const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  // Ages and times of creation depend on the time.
  const texts = cells.map((cell) =>
    String(cell ?? '')
      .replace(uid, '<uid>')
      .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, '<time>')
      .replace(/^(\d+[smhdy])+$/, '<age>'),
  );
  return { code: 200, object: { kind: 'Table', metadata: {}, columns: headings, cells: texts } };
}

/** Names of the files with cases, without their ending. */
export function topics(): string[] {
  return readdirSync(`${here}cases`)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}

/** The cases of a topic. */
export function casesOf(topic: string): Case[] {
  const cases = parse(readFileSync(`${here}cases/${topic}.yaml`, 'utf8'), { maxAliasCount: -1, merge: true }) as Case[];
  // Anchors of shared parts stand in entries without steps.
  return cases.filter(({ steps }) => steps !== undefined);
}

/** The file that holds a topic's answers. */
export function answersFile(topic: string): string {
  return `${here}answers/${topic}.json`;
}

/** The recorded answers of a topic by the name of the case. */
export function answersOf(topic: string): Record<string, Answer[]> {
  return JSON.parse(readFileSync(answersFile(topic), 'utf8')) as Record<string, Answer[]>;
}

/** Why Gantry answers otherwise, by the step: `topic / case / number`. docs/differences.md explains each. */
export function differences(): Map<string, string> {
  const reasons = parse(readFileSync(`${here}differences.yaml`, 'utf8')) as Record<string, string[]>;
  return new Map(Object.entries(reasons).flatMap(([reason, steps]) => steps.map((step) => [step, reason])));
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** Milliseconds that an object gets to become as a step waits for it, and between two looks. */
const untilMs = { timeout: 10_000, pause: 50 };

/** Reads an object until it is as a step waits for it; the last answer where that takes too long. */
export async function answerOnce(
  { condition }: { readonly condition?: string },
  read: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + untilMs.timeout;
  for (;;) {
    const answer = await read();
    const { conditions } = (answer.object?.status ?? {}) as { conditions?: Condition[] | null };
    const isThere = conditions?.some(({ type, status, reason }) => {
      return condition === `${type}=${status}` || condition === `${type}=${status} ${reason}`;
    });
    if (condition === undefined ? answer.code === 404 : isThere) return answer;
    if (performance.now() > deadline) return answer;
    await sleep(untilMs.pause);
  }
}

/** apiVersion and kind of the object that a step concerns, where it concerns one that is named. */
export function subjectOf(step: Step): Ref | undefined {
  return step.replace ?? step.patch ?? step.delete ?? step.get ?? step.table ?? step.until;
}
