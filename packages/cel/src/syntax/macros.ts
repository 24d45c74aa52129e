/** Macros: calls that stand for other expressions, above all for folds over lists and maps. */
import { accumulatorName, type Expr, operators } from './ast.ts';
import type { Builder } from './builder.ts';

/** A macro that was called with arguments that it cannot take. */
class MacroProblem {
  readonly at: number;
  readonly message: string;
  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}

type MethodMacro = (build: Builder, at: number, target: Expr, args: readonly Expr[]) => Expr;

/** The expression that a call of a macro stands for; undefined if it is none. */
export function expandedMethod(
  build: Builder,
  at: number,
  name: string,
  target: Expr,
  args: readonly Expr[],
): Expr | undefined {
  const macro = methodMacros.get(`${name}/${args.length}`);
  return macro === undefined ? undefined : guarded(build, () => macro(build, at, target, args));
}

/** The same of a function's call: has(a.b). */
export function expandedFunction(build: Builder, at: number, name: string, args: readonly Expr[]): Expr | undefined {
  if (name !== 'has' || args.length !== 1) return undefined;
  const [argument] = args as [Expr];
  if (argument.kind !== 'select') return build.problem(argument.at, 'invalid argument to has() macro');
  return build.select(at, argument.operand, argument.field, true);
}

function guarded(build: Builder, expand: () => Expr): Expr {
  try {
    return expand();
  } catch (error) {
    if (error instanceof MacroProblem) return build.problem(error.at, error.message);
    throw error;
  }
}

/** The first arguments are names of variables. */
interface Loop {
  readonly range: Expr;
  readonly variable: string;
  readonly variable2: string | undefined;
  readonly accumulator: string;
}

function oneVariable(range: Expr, args: readonly Expr[], message: string): Loop {
  return { range, variable: variableName(args[0]!, message), variable2: undefined, accumulator: accumulatorName };
}

function twoVariables(range: Expr, args: readonly Expr[]): Loop {
  const [variable, variable2] = args
    .slice(0, 2)
    .map((argument) => variableName(argument, 'argument must be a simple name'));
  if (variable === variable2) throw new MacroProblem(args[1]!.at, `duplicate variable name: ${variable}`);
  return { range, variable: variable!, variable2, accumulator: accumulatorName };
}

function variableName(argument: Expr, message: string): string {
  if (argument.kind !== 'ident') throw new MacroProblem(argument.at, message);
  if (argument.name === '__result__' || argument.name === accumulatorName) {
    throw new MacroProblem(argument.at, 'iteration variable overwrites accumulator variable');
  }
  return argument.name;
}

const quantifierName = 'argument must be a simple name';
const loopName = 'argument is not an identifier';

function all(build: Builder, at: number, loop: Loop, predicate: Expr): Expr {
  return build.comprehension(at, {
    ...loop,
    init: build.literal(at, true),
    condition: build.call(at, operators.notStrictlyFalse, build.accumulator(at)),
    step: build.call(at, operators.and, build.accumulator(at), predicate),
    result: build.accumulator(at),
  });
}

function exists(build: Builder, at: number, loop: Loop, predicate: Expr): Expr {
  const goesOn = build.call(at, operators.notStrictlyFalse, build.call(at, operators.not, build.accumulator(at)));
  return build.comprehension(at, {
    ...loop,
    init: build.literal(at, false),
    condition: goesOn,
    step: build.call(at, operators.or, build.accumulator(at), predicate),
    result: build.accumulator(at),
  });
}

function existsOne(build: Builder, at: number, loop: Loop, predicate: Expr): Expr {
  const oneMore = build.call(at, operators.add, build.accumulator(at), build.literal(at, 1));
  return build.comprehension(at, {
    ...loop,
    init: build.literal(at, 0),
    condition: build.literal(at, true),
    step: build.call(at, operators.conditional, predicate, oneMore, build.accumulator(at)),
    result: build.call(at, operators.equals, build.accumulator(at), build.literal(at, 1)),
  });
}

/** A fold that adds something to its accumulator for every element that passes the filter. */
function gathered(build: Builder, at: number, loop: Loop, init: Expr, filter: Expr | undefined, addition: Expr): Expr {
  return build.comprehension(at, {
    ...loop,
    init,
    condition: build.literal(at, true),
    step:
      filter === undefined ? addition : build.call(at, operators.conditional, filter, addition, build.accumulator(at)),
    result: build.accumulator(at),
  });
}

function list(build: Builder, at: number, loop: Loop, filter: Expr | undefined, element: Expr): Expr {
  const addition = build.call(at, operators.add, build.accumulator(at), build.list(at, [element]));
  return gathered(build, at, loop, build.list(at), filter, addition);
}

function map(build: Builder, at: number, loop: Loop, filter: Expr | undefined, entry: readonly Expr[]): Expr {
  const addition = build.call(at, operators.mapInsert, build.accumulator(at), ...entry);
  return gathered(build, at, loop, build.map(at), filter, addition);
}

/** A variable for the length of an expression: a fold over nothing whose accumulator it is. */
function bound(build: Builder, at: number, variable: string, init: Expr, result: Expr): Expr {
  return build.comprehension(at, {
    range: build.list(at),
    variable: '#unused',
    variable2: undefined,
    accumulator: variable,
    init,
    condition: build.literal(at, false),
    step: build.ident(at, variable),
    result,
  });
}

function optionalMap(name: string, wraps: boolean): MethodMacro {
  return (build, at, target, [variable, body]) => {
    if (variable!.kind !== 'ident') {
      throw new MacroProblem(variable!.at, `${name}() variable name must be a simple identifier`);
    }
    const inner = bound(build, at, variable!.name, build.methodCall(at, target, 'value'), body!);
    return build.call(
      at,
      operators.conditional,
      build.methodCall(at, target, 'hasValue'),
      wraps ? build.call(at, 'optional.of', inner) : inner,
      build.call(at, 'optional.none'),
    );
  };
}

/** The list by the order of a key of each element. */
function sortBy(build: Builder, at: number, target: Expr, args: readonly Expr[]): Expr {
  if (target.kind === 'literal' || target.kind === 'map' || target.kind === 'message') {
    const problem = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    throw new MacroProblem(target.at, problem);
  }
  const input = '@__sortBy_input__';
  const keys = list(build, at, oneVariable(build.ident(at, input), args, loopName), undefined, args[1]!);
  const sorted = build.methodCall(at, build.ident(at, input), '@sortByAssociatedKeys', keys);
  return bound(build, at, input, target, sorted);
}

/** By name and number of arguments. */
const methodMacros: ReadonlyMap<string, MethodMacro> = new Map<string, MethodMacro>([
  ['all/2', (build, at, target, args) => all(build, at, oneVariable(target, args, quantifierName), args[1]!)],
  ['all/3', (build, at, target, args) => all(build, at, twoVariables(target, args), args[2]!)],
  ['exists/2', (build, at, target, args) => exists(build, at, oneVariable(target, args, quantifierName), args[1]!)],
  ['exists/3', (build, at, target, args) => exists(build, at, twoVariables(target, args), args[2]!)],
  [
    'exists_one/2',
    (build, at, target, args) => existsOne(build, at, oneVariable(target, args, quantifierName), args[1]!),
  ],
  ['exists_one/3', (build, at, target, args) => existsOne(build, at, twoVariables(target, args), args[2]!)],
  ['existsOne/3', (build, at, target, args) => existsOne(build, at, twoVariables(target, args), args[2]!)],
  ['map/2', (build, at, target, args) => list(build, at, oneVariable(target, args, loopName), undefined, args[1]!)],
  ['map/3', (build, at, target, args) => list(build, at, oneVariable(target, args, loopName), args[1]!, args[2]!)],
  ['filter/2', (build, at, target, args) => list(build, at, oneVariable(target, args, loopName), args[1]!, args[0]!)],
  ['transformList/3', (build, at, target, args) => list(build, at, twoVariables(target, args), undefined, args[2]!)],
  ['transformList/4', (build, at, target, args) => list(build, at, twoVariables(target, args), args[2]!, args[3]!)],
  [
    'transformMap/3',
    (build, at, target, args) => map(build, at, twoVariables(target, args), undefined, [args[0]!, args[2]!]),
  ],
  [
    'transformMap/4',
    (build, at, target, args) => map(build, at, twoVariables(target, args), args[2]!, [args[0]!, args[3]!]),
  ],
  [
    'transformMapEntry/3',
    (build, at, target, args) => map(build, at, twoVariables(target, args), undefined, [args[2]!]),
  ],
  [
    'transformMapEntry/4',
    (build, at, target, args) => map(build, at, twoVariables(target, args), args[2]!, [args[3]!]),
  ],
  ['sortBy/2', sortBy],
  ['optMap/2', optionalMap('optMap', true)],
  ['optFlatMap/2', optionalMap('optFlatMap', false)],
]);
