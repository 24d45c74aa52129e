/** Parses expressions: ANTLR's runtime with the grammar of Cel.g4. */
import {
  BaseErrorListener,
  CharStream,
  CommonTokenStream,
  type ParserRuleContext,
  type ParseTreeListener,
  Token,
} from 'antlr4ng';
import type { Expr } from './ast.ts';
import { Builder } from './builder.ts';
import { CelLexer } from './gen/CelLexer.ts';
import { CelParser } from './gen/CelParser.ts';
import type { Problem } from './source.ts';
import { maxDepth, TooDeep, TreeReader } from './tree.ts';

export type Parsed = { readonly expr: Expr; readonly nextId: () => number } | { readonly problems: readonly Problem[] };

/** Longer expressions are refused, as by cel-go: in code points. */
const maxLength = 100_000;
/** Expressions of more tokens are refused, since parsing one of them takes tens of microseconds; cel-go has no such bound. */
const maxTokens = 20_000;
/** One syntax error more than these ends the parsing. */
const maxSyntaxProblems = 30;

class TooManyProblems {}

class ProblemListener extends BaseErrorListener {
  readonly problems: Problem[] = [];
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    super();
    const starts = [0];
    let offset = 0;
    for (const character of text) {
      offset++;
      if (character === '\n') starts.push(offset);
    }
    this.#lineStarts = starts;
  }

  override syntaxError(_recognizer: unknown, _symbol: unknown, line: number, column: number, message: string): void {
    const at = this.#lineStarts[line - 1]! + column;
    // Words such as true after a dot read better as what they are: no identifiers.
    const told = message.replace(
      /no viable alternative at input '\.(true|false|null)'/,
      "mismatched input '$1' expecting IDENTIFIER",
    );
    this.problems.push({ at, message: `Syntax error: ${told}` });
    if (this.problems.length > maxSyntaxProblems) throw new TooManyProblems();
  }
}

/** Stops the parser where rules of one kind nest too deeply, operators of one precedence side by side included. */
class DepthListener implements ParseTreeListener {
  readonly #depths = new Map<number, number>();

  enterEveryRule({ ruleIndex }: ParserRuleContext): void {
    const depth = (this.#depths.get(ruleIndex) ?? 0) + 1;
    if (depth > maxDepth) throw new TooDeep();
    this.#depths.set(ruleIndex, depth);
  }
  exitEveryRule({ ruleIndex }: ParserRuleContext): void {
    this.#depths.set(ruleIndex, (this.#depths.get(ruleIndex) ?? 1) - 1);
  }
  visitTerminal(): void {}
  visitErrorNode(): void {}
}

/** Counts tokens: true if a text has more tokens than `limit`; reads no further than that. */
function hasMoreTokens(text: string, limit: number): boolean {
  const lexer = new CelLexer(CharStream.fromString(text));
  lexer.removeErrorListeners();
  for (let count = 0; count <= limit; count++) {
    if (lexer.nextToken().type === Token.EOF) return false;
  }
  return true;
}

export function parse(text: string): Parsed {
  const length = [...text].length;
  if (length > maxLength) {
    return {
      problems: [{ at: -1, message: `expression code point size exceeds limit: size: ${length}, limit ${maxLength}` }],
    };
  }
  // A token has a character at least: only long expressions are counted.
  if (length > maxTokens && hasMoreTokens(text, maxTokens)) {
    return { problems: [{ at: -1, message: `expression token count exceeds limit: limit ${maxTokens}` }] };
  }
  const listener = new ProblemListener(text);
  const lexer = new CelLexer(CharStream.fromString(text));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new CelParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.addParseListener(new DepthListener());
  const build = new Builder();
  try {
    const tree = parser.start();
    if (listener.problems.length > 0) return { problems: listener.problems };
    const expr = new TreeReader(build).expression(tree.expression());
    if (build.problems.length > 0) return { problems: build.problems };
    return { expr, nextId: () => build.nextId() };
  } catch (error) {
    if (error instanceof TooManyProblems) return { problems: listener.problems };
    if (error instanceof TooDeep || error instanceof RangeError) {
      return {
        problems: [
          ...listener.problems,
          { at: -1, message: error instanceof TooDeep ? error.message : new TooDeep().message },
        ],
      };
    }
    throw error;
  }
}
