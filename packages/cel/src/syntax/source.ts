/** Texts of expressions, and problems that point into them. */

export interface Problem {
  /** Offset in code points. */
  readonly at: number;
  readonly message: string;
}

/** More problems than these are counted, not told. */
const maxProblems = 100;
/** Longer lines are not shown. */
const maxSnippetLength = 16_384;

/** All problems as cel-go shows them: place, message, the line and a caret below, in order of place. */
export function formatProblems(text: string, problems: readonly Problem[]): string {
  const lines = text.split('\n').map((line) => [...line]);
  const starts: number[] = [];
  let offset = 0;
  for (const line of lines) {
    starts.push(offset);
    offset += line.length + 1;
  }
  const located = problems.slice(0, maxProblems).map(({ at, message }) => {
    const line = Math.max(
      starts.findLastIndex((start) => start <= at),
      0,
    );
    return { line, column: at < 0 ? -1 : at - starts[line]!, message };
  });
  located.sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = located.map(({ line, column, message }) => {
    // A problem without a place is at line 0... which is the first line, shown as -1 by convention.
    if (column < 0) return `ERROR: <input>:-1:0: ${message}`;
    return `ERROR: <input>:${line + 1}:${column + 1}: ${message}${snippet(lines[line]!, column)}`;
  });
  if (problems.length > maxProblems) shown.push(`${problems.length - maxProblems} more errors were truncated`);
  return shown.join('\n');
}

function snippet(line: readonly string[], column: number): string {
  if (line.length > maxSnippetLength) return '';
  const isWide = (character: string | undefined): boolean =>
    character !== undefined && character.codePointAt(0)! > 0x7f;
  const dots = line.slice(0, column).map((character) => (isWide(character) ? '\uff0e' : '.'));
  const caret = isWide(line[column]) ? '\uff3e' : '^';
  return `\n | ${line.join('').replaceAll('\t', ' ')}\n | ${dots.join('')}${caret}`;
}
