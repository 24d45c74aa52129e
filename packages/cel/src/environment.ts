/** Environments of expressions as Kubernetes 1.37 has them: its functions, and the variables that a place gives. */
import type { Environment, MessageType } from './check/environment.ts';
import { addressFunctions } from './functions/addresses.ts';
import { authorizerFunctions } from './functions/authorizer.ts';
import { conversionFunctions } from './functions/conversions.ts';
import { formatFunctions } from './functions/formats.ts';
import { type FunctionDeclaration, functionsByName } from './functions/function.ts';
import { listFunctions, setFunctions } from './functions/lists.ts';
import { mutationFunctions } from './functions/mutation.ts';
import { operatorFunctions } from './functions/operators.ts';
import { optionalFunctions } from './functions/optionals.ts';
import { quantityFunctions } from './functions/quantities.ts';
import { regexFunctions } from './functions/regex.ts';
import { semverFunctions } from './functions/semvers.ts';
import { stringFunctions } from './functions/strings.ts';
import { timeFunctions } from './functions/time-functions.ts';
import { urlFunctions } from './functions/urls.ts';
import { libraryType } from './types/signature.ts';
import { type Declaration, listOf, mapOf, optionalOf, type Type, types } from './types/types.ts';

const libraries: readonly (readonly FunctionDeclaration[])[] = [
  operatorFunctions,
  conversionFunctions,
  timeFunctions,
  optionalFunctions,
  regexFunctions,
  stringFunctions,
  listFunctions,
  setFunctions,
  urlFunctions,
  addressFunctions,
  quantityFunctions,
  semverFunctions,
  formatFunctions,
  authorizerFunctions,
];

const functions = functionsByName(libraries);
const withMutation = functionsByName([...libraries, mutationFunctions]);

const typeNames: ReadonlyMap<string, Type> = new Map([
  ...(['bool', 'bytes', 'double', 'int', 'string', 'uint'] as const).map((name): [string, Type] => [name, types[name]]),
  ...[types.timestamp, types.duration, types.null].map((type): [string, Type] => [type.name, type]),
  ['list', listOf(types.dyn)],
  ['map', mapOf(types.dyn, types.dyn)],
  ['optional_type', optionalOf(types.dyn)],
  ['type', { kind: 'type', name: 'type', parameters: [] }],
  ...['ip', 'cidr', 'url', 'quantity', 'semver', 'format'].map((name): [string, Type] => {
    const type = libraryType(name);
    return [type.name, type];
  }),
]);

const noMessages = (): undefined => undefined;

/**
 * @param variables Declarations of the variables by name, made of schemas (schema.ts) or of types (`dynamic`, `typed`).
 * @param messageType Types that expressions can make values of, as mutating policies do; none where it is left out.
 */
export function environment(
  variables: Readonly<Record<string, Declaration>>,
  messageType: (name: string) => MessageType | undefined = noMessages,
): Environment {
  return {
    variables: new Map(Object.entries(variables)),
    functions: messageType === noMessages ? functions : withMutation,
    typeNames,
    messageType,
  };
}
