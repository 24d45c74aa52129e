import type { Value } from '../values/value.ts';
import {
  accumulatorName,
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type IdentExpr,
  type ListExpr,
  type LiteralExpr,
  type MapEntry,
  type MapExpr,
  type MessageExpr,
  type MessageField,
  type SelectExpr,
} from './ast.ts';
import type { Problem } from './source.ts';

/** Makes the nodes of one expression, and gathers its problems. */
export class Builder {
  readonly problems: Problem[] = [];
  #lastId = 0;

  nextId(): number {
    return ++this.#lastId;
  }

  /** Notes a problem. Its node stands for what could not be made. */
  problem(at: number, message: string): LiteralExpr {
    this.problems.push({ at, message });
    return this.literal(at, null);
  }

  literal(at: number, value: Value): LiteralExpr {
    return { kind: 'literal', id: this.nextId(), at, value };
  }

  ident(at: number, name: string): IdentExpr {
    return { kind: 'ident', id: this.nextId(), at, name };
  }

  accumulator(at: number): IdentExpr {
    return this.ident(at, accumulatorName);
  }

  select(at: number, operand: Expr, field: string, isTest = false): SelectExpr {
    return { kind: 'select', id: this.nextId(), at, operand, field, isTest };
  }

  call(at: number, name: string, ...args: readonly Expr[]): CallExpr {
    return { kind: 'call', id: this.nextId(), at, name, target: undefined, args };
  }

  methodCall(at: number, target: Expr, name: string, ...args: readonly Expr[]): CallExpr {
    return { kind: 'call', id: this.nextId(), at, name, target, args };
  }

  list(at: number, elements: readonly Expr[] = [], optionals: ReadonlySet<number> = new Set()): ListExpr {
    return { kind: 'list', id: this.nextId(), at, elements, optionals };
  }

  map(at: number, entries: readonly MapEntry[] = []): MapExpr {
    return { kind: 'map', id: this.nextId(), at, entries };
  }

  message(at: number, name: string, fields: readonly MessageField[]): MessageExpr {
    return { kind: 'message', id: this.nextId(), at, name, fields };
  }

  comprehension(at: number, parts: Omit<ComprehensionExpr, 'kind' | 'id' | 'at'>): ComprehensionExpr {
    return { kind: 'comprehension', id: this.nextId(), at, ...parts };
  }
}
