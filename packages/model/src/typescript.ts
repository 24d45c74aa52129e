/** TypeScript types of the JSON forms, written from the schema. */
import { documentationOf, messageNames } from './declarations.ts';
import { type FieldSchema, jsonFieldsOf, type MessageSchema, messageSchema } from './schema.ts';

/** Kinds by message: their types carry apiVersion and kind. */
export type KindHeads = ReadonlyMap<string, { readonly apiVersion: string; readonly kind: string }>;

const scalarTypes: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  uint32: 'number',
  uint64: 'number',
  double: 'number',
};

const formTypes = {
  quantity: 'string',
  time: 'string',
  microTime: 'string',
  duration: 'string',
  intOrString: 'number | string',
  raw: 'unknown',
  strings: 'string[]',
} as const;

/** The text of one file a package, by package name. */
export function generateTypes(heads: KindHeads): Map<string, string> {
  const packages = new Map<string, string[]>();
  for (const schema of messageNames().map(messageSchema)) {
    if (schema.jsonForm !== 'object') continue;
    const packageName = packageOf(schema.name);
    packages.set(packageName, [...(packages.get(packageName) ?? []), formatMessage(schema, heads)]);
  }
  return new Map([...packages].map(([name, types]) => [name, formatFile(name, types)]));
}

function packageOf(messageName: string): string {
  return messageName
    .split('.')
    .filter((part) => /^[a-z]/.test(part))
    .join('.');
}

/** A message's type name; a nested message is named after its parent too. */
function typeName(messageName: string): string {
  return messageName.slice(packageOf(messageName).length + 1).replaceAll('.', '');
}

function formatFile(packageName: string, types: readonly string[]): string {
  const body = types.join('\n');
  const imported = new Map<string, Set<string>>();
  const local = body.replace(/@\{([\w.]+)\}/g, (_match, name: string) => {
    const from = packageOf(name);
    if (from !== packageName) imported.set(from, (imported.get(from) ?? new Set()).add(typeName(name)));
    return typeName(name);
  });
  const imports = [...imported]
    .sort()
    .map(([from, names]) => `import type { ${[...names].sort().join(', ')} } from './${from}.ts';\n`);
  const head = '// Generated from proto/ by `npm run generate`; not edited by hand.\n\n';
  return `${head}${imports.join('')}${imports.length > 0 ? '\n' : ''}${local}`;
}

function formatMessage({ name }: MessageSchema, heads: KindHeads): string {
  const head = heads.get(name);
  const typeMeta = head === undefined ? '' : `  apiVersion: string;\n  kind: '${head.kind}';\n`;
  const fields = [...jsonFieldsOf(name).values()].map((field) => formatField(field, field.owner ?? name)).join('');
  return `${formatComment(documentationOf(name), '')}export interface ${typeName(name)} {\n${typeMeta}${fields}}\n`;
}

function formatField(field: FieldSchema, owner: string): string {
  const type = fieldType(field);
  const optional = field.required ? '' : '?';
  const shown = field.partial ? `Partial<${type}>` : type;
  const name = /^[\w$]+$/.test(field.name) ? field.name : `'${field.name}'`;
  return `${formatComment(documentationOf(owner, field.name), '  ')}  ${name}${optional}: ${shown};\n`;
}

function fieldType(field: FieldSchema): string {
  const element = elementType(field);
  if (field.cardinality === 'map') return `Record<string, ${element}>`;
  return field.cardinality === 'list' ? `${/[ |]/.test(element) ? `(${element})` : element}[]` : element;
}

function elementType({ type }: FieldSchema): string {
  switch (type.kind) {
    case 'scalar':
      return scalarTypes[type.scalar]!;
    case 'enum':
      return Object.keys(type.values)
        .map((name) => `'${name}'`)
        .join(' | ');
    case 'message': {
      const { jsonForm, fields } = messageSchema(type.name);
      if (jsonForm === 'union') return fields.map(fieldType).join(' | ');
      return jsonForm === 'object' ? `@{${type.name}}` : formTypes[jsonForm];
    }
  }
}

function formatComment(comment: string, indent: string): string {
  const text = comment.replace(/\s+/g, ' ').replaceAll('*/', '* /').trim();
  return text === '' ? '' : `${indent}/** ${text} */\n`;
}
