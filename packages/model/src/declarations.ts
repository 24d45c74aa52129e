/** The declarations of proto/ as a program reads them: from the files that `npm run generate` makes of them, never from the .proto files. */
import { readFileSync } from 'node:fs';

/** One message, enum or service that a file declares, in the JSON form of protobufjs. */
export interface Declaration {
  /** Path below proto/. */
  readonly file: string;
  readonly type: 'message' | 'enum' | 'service';
  readonly json: Readonly<Record<string, unknown>>;
}

/** Comments by the full name of a message, and in it by field; those of the message itself are under the empty name. */
export type Documentation = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The parts of a message's JSON form that schemas are made of. */
export interface MessageJson {
  readonly fields?: Readonly<Record<string, FieldJson>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly nested?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface FieldJson {
  readonly type: string;
  readonly id: number;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

interface EnumJson {
  readonly values: Readonly<Record<string, number>>;
}

const genFolder = new URL('gen/', import.meta.url);
let declared: Readonly<Record<string, Declaration>> | undefined;
let documented: Documentation | undefined;

/** All declarations of proto/gantry by their full names. Read when first asked for, from the file that `npm run generate` writes. */
export function declarations(): Readonly<Record<string, Declaration>> {
  declared ??= JSON.parse(readFileSync(new URL('protos.json', genFolder), 'utf8')) as Record<string, Declaration>;
  return declared;
}

/** The comment of a message or of one of its fields; empty where there is none. They are read when first asked for. */
export function documentationOf(message: string, field = ''): string {
  documented ??= JSON.parse(readFileSync(new URL('documentation.json', genFolder), 'utf8')) as Documentation;
  return documented[message]?.[field] ?? '';
}

/** All messages of proto/gantry, those inside of others among them. */
export function messageNames(): string[] {
  const within = (name: string, json: MessageJson): string[] => [
    name,
    ...Object.entries(json.nested ?? {})
      .filter(([, each]) => !isEnum(each))
      .flatMap(([inner, each]) => within(`${name}.${inner}`, each as MessageJson)),
  ];
  return Object.entries(declarations()).flatMap(([name, { type, json }]) =>
    type === 'message' ? within(name, json) : [],
  );
}

export function isEnum(json: unknown): json is EnumJson {
  return Object.hasOwn(json as object, 'values');
}

/** The JSON form of a message or an enum, which may stand in another message. Throws an Error where there is none. */
export function jsonOf(name: string): MessageJson | EnumJson {
  const known = declarations()[name];
  if (known !== undefined) return known.json as MessageJson | EnumJson;
  const dot = name.lastIndexOf('.');
  const parent = dot < 0 ? undefined : (jsonOf(name.slice(0, dot)) as MessageJson);
  const json = parent?.nested?.[name.slice(dot + 1)];
  if (json === undefined) throw new Error(`no such type: ${name}`);
  return json as MessageJson | EnumJson;
}
