import type { Kind } from '@gantry/model/kind.ts';
import type { PatchType } from '../core/patching.ts';
import { applyType, unsupported } from './body.ts';

/** Patches by their media types. */
const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

/** The media types of patches that a kind takes: definitions say nothing of how their lists are merged. */
export function patchMediaTypes({ custom }: Pick<Kind, 'custom'>): string[] {
  const types = Object.keys(patchTypes).filter((type) => custom === undefined || patchTypes[type] !== 'strategic');
  return [...types, applyType];
}

/** The type of a patch. Throws UnsupportedMediaType naming those that the kind takes. */
export function patchTypeOf(mediaType: string, kind: Pick<Kind, 'custom'>): PatchType {
  const types = patchMediaTypes(kind);
  if (!types.includes(mediaType) || mediaType === applyType) throw unsupported(mediaType, types);
  return patchTypes[mediaType]!;
}
