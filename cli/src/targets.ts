import { type AnyKind, type ResourceName, resourceNameOf } from '@gantry/client/api.ts';
import { builtIn, type KindName, kindNames, kindOf } from '@gantry/model/built-in.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { type Context, refusal } from './context.ts';
import { servedKinds } from './served-kinds.ts';

/** The kinds that `all` stands for, as in kubectl. */
const allKinds: readonly KindName[] = ['Pod', 'Service', 'Deployment', 'ReplicaSet'];

/** A kind and names of its objects; no names means all objects. */
export interface Target {
  /** The kind as requests name it. */
  readonly kind: AnyKind;
  readonly type: Kind;
  readonly names: readonly string[];
}

/** Finds a kind by a user's word for it. */
type FindKind = (word: string) => Kind | undefined;

const findBuiltIn: FindKind = (word) => builtIn.find(word);

/** Reads the arguments that name a command's objects; asks the api for kinds that this program was not built with. */
export async function targetsOf(
  context: Pick<Context, 'client' | 'signal'>,
  args: readonly string[],
): Promise<Target[]> {
  const words = args.some((arg) => arg.includes('/'))
    ? args.map((arg) => arg.split('/', 1)[0]!)
    : (args[0] ?? '').split(',');
  const unknown = words.filter((word) => word !== '' && word !== 'all' && findBuiltIn(word) === undefined);
  if (unknown.length === 0) return parseTargets(args);
  const served = await servedKinds(context, unknown);
  return parseTargets(args, (word) => findBuiltIn(word) ?? served.get(word));
}

/**
 * Reads the arguments that name a command's objects, in kubectl's forms: `pods`, `pod a b`, `deploy/web`,
 * `pods,services`, `all`.
 */
export function parseTargets(args: readonly string[], find: FindKind = findBuiltIn): Target[] {
  const [first, ...rest] = args;
  if (first === undefined) {
    throw refusal('You must specify the type of resource to get, such as "pods" or "deployment/web"');
  }
  if (args.some((arg) => arg.includes('/'))) return pairs(args, find);
  return first.split(',').flatMap((word) => {
    const kinds = word === 'all' ? allKinds.map((name) => kindOf(name) as unknown as Kind) : [kindNamed(word, find)];
    return kinds.map((kind) => targetAt(kind, rest));
  });
}

function targetAt(type: Kind, names: readonly string[]): Target {
  return { kind: nameOfKind(type), type, names };
}

/** A kind as requests name it. */
export function nameOfKind(type: Kind): AnyKind {
  const isBuiltIn = builtIn.kindOf(type.group, type.kind) === type;
  return isBuiltIn ? (type.kind as KindName) : (resourceOf(type) as ResourceName);
}

/** The one object that a command is about: `deployment/web`, or `deployment web`; a bare name is of the kind given. */
export function parseTarget(
  args: readonly string[],
  defaultKind?: KindName,
): { readonly kind: KindName; readonly name: string } {
  if (args.length === 1 && !args[0]!.includes('/') && defaultKind !== undefined)
    return { kind: defaultKind, name: args[0]! };
  const { kind, name } = onlyTarget(parseTargets(args), args);
  return { kind: kind as KindName, name };
}

/** The one object of targets. Refuses any other number. */
export function onlyTarget(
  targets: readonly Target[],
  args: readonly string[],
): Pick<Target, 'kind' | 'type'> & { readonly name: string } {
  const [target, ...more] = targets;
  const name = target?.names[0];
  if (target === undefined || name === undefined || more.length > 0 || target.names.length > 1) {
    throw refusal(`exactly one object must be named, such as "deployment/web", not "${args.join(' ')}"`);
  }
  return { kind: target.kind, type: target.type, name };
}

function pairs(args: readonly string[], find: FindKind): Target[] {
  const byKind = new Map<Kind, string[]>();
  for (const arg of args) {
    const [word, name, ...more] = arg.split('/');
    if (!word || !name || more.length > 0) {
      throw refusal(
        word && name
          ? `arguments in resource/name form may not have more than one slash: "${arg}"`
          : `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form: "${arg}"`,
      );
    }
    const kind = kindNamed(word, find);
    byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  return [...byKind].map(([kind, names]) => targetAt(kind, names));
}

function kindNamed(word: string, find: FindKind): Kind {
  const kind = find(word);
  if (kind !== undefined) return kind;
  const known = kindNames.map((name) => resourceNameOf(name)).join(', ');
  throw refusal(`the server doesn't have a resource type "${word}" (it has: ${known})`);
}
