/** The expression that a parse tree means. */
import type { ParserRuleContext, TerminalNode } from 'antlr4ng';
import { Double, Uint, type Value } from '../values/value.ts';
import { type Expr, operators } from './ast.ts';
import type { Builder } from './builder.ts';
import {
  type ArgumentsContext,
  BytesContext,
  ConstantContext,
  DoubleContext,
  type ExpressionContext,
  FalseContext,
  type FieldNameContext,
  FunctionCallContext,
  IntContext,
  ListContext,
  type LiteralContext,
  MapContext,
  type MemberContext,
  type MessageContext,
  MethodCallContext,
  NameContext,
  NegationContext,
  NotContext,
  OperandContext,
  ParenthesizedContext,
  type PrimaryContext,
  type RelationContext,
  SelectionContext,
  SimpleContext,
  StringContext,
  type SubscriptContext,
  type SumContext,
  TrueContext,
  UintContext,
  type UnaryContext,
} from './gen/CelParser.ts';
import { bytesOf, stringOf } from './literals.ts';
import { expandedFunction, expandedMethod } from './macros.ts';

/** Words that no variable or function can be named. */
export const reservedWords: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
);

/** Nesting beyond this is refused: it could exhaust the stack of whatever walks the expression. */
export const maxDepth = 250;

export class TooDeep {
  readonly message = `expression recursion limit exceeded: ${maxDepth}`;
}

const start = (context: ParserRuleContext): number => context.start!.start;
const offset = (node: TerminalNode): number => node.symbol.start;

export class TreeReader {
  readonly #build: Builder;
  #depth = 0;

  constructor(build: Builder) {
    this.#build = build;
  }

  expression(context: ExpressionContext): Expr {
    if (++this.#depth > maxDepth) throw new TooDeep();
    const [first, second] = context.disjunction();
    const condition = this.#terms(first!.conjunction(), first!.LOGICAL_OR(), operators.or, (conjunction) =>
      this.#terms(conjunction.relation(), conjunction.LOGICAL_AND(), operators.and, (relation) =>
        this.#relation(relation),
      ),
    );
    let result = condition;
    const question = context.QUESTIONMARK();
    if (question !== null) {
      const whenTrue = this.#terms(second!.conjunction(), second!.LOGICAL_OR(), operators.or, (conjunction) =>
        this.#terms(conjunction.relation(), conjunction.LOGICAL_AND(), operators.and, (relation) =>
          this.#relation(relation),
        ),
      );
      const whenFalse = this.expression(context.expression()!);
      result = this.#build.call(offset(question), operators.conditional, condition, whenTrue, whenFalse);
    }
    this.#depth--;
    return result;
  }

  #terms<Context>(
    terms: readonly Context[],
    signs: readonly TerminalNode[],
    operator: string,
    read: (term: Context) => Expr,
  ): Expr {
    if (terms.length === 1) return read(terms[0]!);
    return this.#build.call(offset(signs[0]!), operator, ...terms.map(read));
  }

  #relation(context: RelationContext): Expr {
    const sum = context.sum();
    if (sum !== null) return this.#sum(sum);
    const [left, right] = context.relation();
    const sign = context.getChild(1) as TerminalNode;
    const name = sign.getText() === 'in' ? '@in' : `_${sign.getText()}_`;
    return this.#build.call(offset(sign), name, this.#relation(left!), this.#relation(right!));
  }

  #sum(context: SumContext): Expr {
    const unary = context.unary();
    if (unary !== null) return this.#unary(unary);
    if (++this.#depth > maxDepth) throw new TooDeep();
    const [left, right] = context.sum();
    const sign = context.getChild(1) as TerminalNode;
    const call = this.#build.call(offset(sign), `_${sign.getText()}_`, this.#sum(left!), this.#sum(right!));
    this.#depth--;
    return call;
  }

  #unary(context: UnaryContext): Expr {
    if (context instanceof OperandContext) return this.#member(context.member());
    if (context instanceof NotContext) return this.#signed(context.EXCLAM(), operators.not, context.member());
    if (context instanceof NegationContext) return this.#signed(context.MINUS(), operators.negate, context.member());
    return this.#build.problem(start(context), 'operator not found');
  }

  /** Pairs of the same sign cancel out. */
  #signed(signs: readonly TerminalNode[], operator: string, member: MemberContext): Expr {
    const operand = this.#member(member);
    return signs.length % 2 === 0 ? operand : this.#build.call(offset(signs[0]!), operator, operand);
  }

  #member(context: MemberContext): Expr {
    if (context instanceof SimpleContext) return this.#primary(context.primary());
    if (++this.#depth > maxDepth) throw new TooDeep();
    const result = this.#access(context);
    this.#depth--;
    return result;
  }

  #access(context: MemberContext): Expr {
    const build = this.#build;
    if (context instanceof SelectionContext) {
      const operand = this.#member(context.member());
      const field = this.#fieldName(context.fieldName());
      const at = offset(context.DOT());
      if (context.QUESTIONMARK() === null) return build.select(at, operand, field);
      return build.call(at, operators.optionalSelect, operand, build.literal(start(context.fieldName()), field));
    }
    if (context instanceof MethodCallContext) {
      const target = this.#member(context.member());
      const name = context.IDENTIFIER().getText();
      const at = offset(context.LPAREN());
      const args = this.#arguments(context.arguments());
      return expandedMethod(build, at, name, target, args) ?? build.methodCall(at, target, name, ...args);
    }
    const subscript = context as SubscriptContext;
    const operator = subscript.QUESTIONMARK() === null ? operators.index : operators.optionalIndex;
    const operand = this.#member(subscript.member());
    return build.call(offset(subscript.LBRACKET()), operator, operand, this.expression(subscript.expression()));
  }

  #fieldName(context: FieldNameContext): string {
    const plain = context.IDENTIFIER();
    if (plain !== null) return plain.getText();
    this.#build.problem(start(context), "unsupported syntax: '`'");
    return '';
  }

  #arguments(context: ArgumentsContext | null): Expr[] {
    return context === null ? [] : context.expression().map((argument) => this.expression(argument));
  }

  #primary(context: PrimaryContext): Expr {
    if (context instanceof ParenthesizedContext) return this.expression(context.expression());
    if (context instanceof NameContext) return this.#name(context);
    if (context instanceof FunctionCallContext) return this.#functionCall(context);
    if (context instanceof ConstantContext) return this.#literal(context.literal());
    if (context instanceof ListContext) return this.#list(context);
    if (context instanceof MapContext) return this.#map(context);
    return this.#message(context as MessageContext);
  }

  #name(context: NameContext): Expr {
    const name = context.IDENTIFIER().getText();
    if (reservedWords.has(name)) return this.#build.problem(start(context), `reserved identifier: ${name}`);
    return this.#build.ident(offset(context.IDENTIFIER()), context.DOT() === null ? name : `.${name}`);
  }

  #functionCall(context: FunctionCallContext): Expr {
    const name = context.IDENTIFIER().getText();
    if (reservedWords.has(name)) return this.#build.problem(start(context), `reserved identifier: ${name}`);
    const at = offset(context.LPAREN());
    const args = this.#arguments(context.arguments());
    const full = context.DOT() === null ? name : `.${name}`;
    return expandedFunction(this.#build, at, full, args) ?? this.#build.call(at, full, ...args);
  }

  #list(context: ListContext): Expr {
    const elements = context.elements()?.element() ?? [];
    const optionals = new Set(elements.flatMap((element, index) => (element.QUESTIONMARK() === null ? [] : [index])));
    return this.#build.list(
      offset(context.LBRACKET()),
      elements.map((element) => this.expression(element.expression())),
      optionals,
    );
  }

  #map(context: MapContext): Expr {
    const entries = context.mapEntries();
    const values = entries?.expression() ?? [];
    const colons = entries?.COLON() ?? [];
    return this.#build.map(
      offset(context.LBRACE()),
      (entries?.element() ?? []).map((key, index) => ({
        id: this.#build.nextId(),
        at: offset(colons[index]!),
        key: this.expression(key.expression()),
        value: this.expression(values[index]!),
        isOptional: key.QUESTIONMARK() !== null,
      })),
    );
  }

  #message(context: MessageContext): Expr {
    const name = context.IDENTIFIER().map((part) => part.getText());
    const isAbsolute = context.start!.text === '.';
    const entries = context.fieldEntries();
    const values = entries?.expression() ?? [];
    const colons = entries?.COLON() ?? [];
    return this.#build.message(
      offset(context.LBRACE()),
      `${isAbsolute ? '.' : ''}${name.join('.')}`,
      (entries?.fieldKey() ?? []).map((key, index) => ({
        id: this.#build.nextId(),
        at: offset(colons[index]!),
        name: this.#fieldName(key.fieldName()),
        value: this.expression(values[index]!),
        isOptional: key.QUESTIONMARK() !== null,
      })),
    );
  }

  #literal(context: LiteralContext): Expr {
    const at = start(context);
    const text = context.getText();
    const value = literalValue(context, text);
    return value instanceof LiteralProblem ? this.#build.problem(at, value.message) : this.#build.literal(at, value);
  }
}

class LiteralProblem {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function literalValue(context: LiteralContext, text: string): Value | LiteralProblem {
  if (context instanceof IntContext) {
    const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
    if (value !== BigInt.asIntN(64, value)) return new LiteralProblem('invalid int literal');
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (context instanceof UintContext) {
    const value = BigInt(text.slice(0, -1));
    return value < 2n ** 64n ? new Uint(value) : new LiteralProblem('invalid uint literal');
  }
  if (context instanceof DoubleContext) {
    const value = Number(text);
    return Number.isFinite(value) ? new Double(value) : new LiteralProblem('invalid double literal');
  }
  if (context instanceof TrueContext) return true;
  if (context instanceof FalseContext) return false;
  if (context instanceof StringContext || context instanceof BytesContext) {
    try {
      return context instanceof StringContext ? stringOf(text) : bytesOf(text.slice(1));
    } catch (error) {
      return new LiteralProblem((error as Error).message);
    }
  }
  return null;
}
