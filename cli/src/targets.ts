import { builtIn, type KindName, kindNames, kindOf } from '@gantry/model/built-in.ts';
import { refusal } from './context.ts';

/** The kinds that `all` stands for, as in kubectl. */
const allKinds: readonly KindName[] = ['Pod', 'Service', 'Deployment', 'ReplicaSet'];

/** A kind and names of its objects; no names means all objects. */
export interface Target {
  readonly kind: KindName;
  readonly names: readonly string[];
}

/**
 * Reads the arguments that name a command's objects, in kubectl's forms: `pods`, `pod a b`, `deploy/web`,
 * `pods,services`, `all`.
 */
export function parseTargets(args: readonly string[]): Target[] {
  const [first, ...rest] = args;
  if (first === undefined) {
    throw refusal('You must specify the type of resource to get, such as "pods" or "deployment/web"');
  }
  if (args.some((arg) => arg.includes('/'))) return pairs(args);
  return first.split(',').flatMap((word) => {
    const kinds = word === 'all' ? allKinds : [kindNamed(word)];
    return kinds.map((kind) => ({ kind, names: rest }));
  });
}

/** The one object that a command is about: `deployment/web`, or `deployment web`; a bare name is of the kind given. */
export function parseTarget(
  args: readonly string[],
  defaultKind?: KindName,
): { readonly kind: KindName; readonly name: string } {
  if (args.length === 1 && !args[0]!.includes('/') && defaultKind !== undefined)
    return { kind: defaultKind, name: args[0]! };
  const [target, ...more] = parseTargets(args);
  const name = target?.names[0];
  if (target === undefined || name === undefined || more.length > 0 || target.names.length > 1) {
    throw refusal(`exactly one object must be named, such as "deployment/web", not "${args.join(' ')}"`);
  }
  return { kind: target.kind, name };
}

function pairs(args: readonly string[]): Target[] {
  const byKind = new Map<KindName, string[]>();
  for (const arg of args) {
    const [word, name, ...more] = arg.split('/');
    if (!word || !name || more.length > 0) {
      throw refusal(
        word && name
          ? `arguments in resource/name form may not have more than one slash: "${arg}"`
          : `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form: "${arg}"`,
      );
    }
    const kind = kindNamed(word);
    byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  return [...byKind].map(([kind, names]) => ({ kind, names }));
}

function kindNamed(word: string): KindName {
  const kind = builtIn.find(word);
  if (kind !== undefined) return kind.kind as KindName;
  const known = kindNames.map((name) => kindOf(name).plural).join(', ');
  throw refusal(`the server doesn't have a resource type "${word}" (it has: ${known})`);
}
