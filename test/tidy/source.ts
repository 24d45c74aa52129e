import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** A function of a source file. */
export interface FunctionSize {
  readonly path: string;
  /** Its name, or the line on which an anonymous one begins. */
  readonly name: string;
  /** Lines from its first to its last. */
  readonly lines: number;
}

/** The functions of a TypeScript file: declarations, methods, and anonymous ones. */
export function functionsOf(path: string, text: string): FunctionSize[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const lineEnds = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineOf = (offset: number): number => lineEnds.findLastIndex((end) => end < offset) + 2;
  const found: FunctionSize[] = [];
  const add = ({ start, end }: { start: number; end: number }, name?: string): void => {
    const first = lineOf(start);
    found.push({ path, name: name ?? `line ${first}`, lines: lineOf(end) - first + 1 });
  };
  new Visitor({
    FunctionDeclaration: (node) => add(node, node.id?.name),
    FunctionExpression: (node) => add(node),
    ArrowFunctionExpression: (node) => add(node),
  }).visit(program);
  return found;
}

/** Import cycles between files, each once and beginning with its first file by name. Imports of types count too. */
export function cyclesIn(root: string, paths: readonly string[]): string[] {
  const known = new Set(paths);
  const graph = new Map(paths.map((path) => [path, targetsOf(root, path).filter((target) => known.has(target))]));
  const done = new Set<string>();
  const cycles = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.add(rotated(trail.slice(at)).join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path)!) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of paths) walk(path, []);
  return [...cycles].sort();
}

function targetsOf(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)'/gm)].map(([, target]) =>
    normalize(join(dirname(path), target!)),
  );
}

function rotated(cycle: readonly string[]): string[] {
  const first = cycle.indexOf([...cycle].sort()[0]!);
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
