import { once } from 'node:events';
import { type Readable, Transform } from 'node:stream';
import { createDeflate, createDeflateRaw, createGunzip, createGzip, createInflate, createInflateRaw } from 'node:zlib';
import { QuoteType, Tokenizer } from 'htmlparser2';

/** Attributes that are links, by tag: those that Kubernetes' proxy rewrites. */
const linkAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['a', ['href']],
  ['applet', ['codebase']],
  ['area', ['href']],
  ['audio', ['src']],
  ['base', ['href']],
  ['blockquote', ['cite']],
  ['body', ['background']],
  ['button', ['formaction']],
  ['command', ['icon']],
  ['del', ['cite']],
  ['embed', ['src']],
  ['form', ['action']],
  ['frame', ['longdesc', 'src']],
  ['head', ['profile']],
  ['html', ['manifest']],
  ['iframe', ['longdesc', 'src']],
  ['img', ['longdesc', 'src', 'usemap']],
  ['input', ['src', 'usemap', 'formaction']],
  ['ins', ['cite']],
  ['link', ['href']],
  ['object', ['classid', 'codebase', 'data', 'usemap']],
  ['q', ['cite']],
  ['script', ['src']],
  ['source', ['src']],
  ['video', ['poster', 'src']],
]);
/** Longest name of a tag or an attribute that may matter, in characters. */
const maxName = 16;
/** Longest attribute that is looked at, in bytes: longer ones, such as embedded images, pass as they are. */
const maxValue = 16 * 1024;

/**
 * Rewrites the links of a page that comes in parts. All other bytes stay, whatever the page's encoding, as long as that has ASCII's characters
 * in ASCII's bytes. Keeps at most one attribute between two parts.
 */
export class LinkRewriter {
  readonly #rewrite: (link: string) => string;
  readonly #tokenizer: Tokenizer;
  /** The end of the page so far that the tokenizer may still ask for, and the offset of its first character in the page. */
  #text = '';
  #base = 0;
  /** Offset up to which the page was given out. */
  #given = 0;
  #output = '';
  #attributes: readonly string[] = [];
  /** The link that is being read: the offset of its attribute's name's end, and its value as bytes without character references. */
  #link: { readonly start: number; value: string } | undefined;

  /** @param rewrite Gets and returns bytes as characters; a link that is returned as it is stays untouched in the page. */
  constructor(rewrite: (link: string) => string) {
    this.#rewrite = rewrite;
    const nothing = (): void => undefined;
    this.#tokenizer = new Tokenizer(
      {},
      {
        onopentagname: (start, end) => {
          this.#attributes = linkAttributes.get(this.#name(start, end)) ?? [];
        },
        onattribname: (start, end) => {
          if (this.#attributes.includes(this.#name(start, end))) this.#link = { start: end, value: '' };
        },
        onattribdata: (start, end) => {
          if (this.#link) this.#link.value += this.#slice(start, end);
        },
        onattribentity: (codePoint) => {
          if (this.#link) this.#link.value += Buffer.from(String.fromCodePoint(codePoint)).toString('latin1');
        },
        onattribend: (quote, end) => this.#endLink(quote, end),
        oncdata: nothing,
        onclosetag: nothing,
        oncomment: nothing,
        ondeclaration: nothing,
        onend: nothing,
        onopentagend: nothing,
        onprocessinginstruction: nothing,
        onselfclosingtag: nothing,
        ontext: nothing,
        ontextentity: nothing,
      },
    );
  }

  /** Takes a part of the page. Returns what can be given out. Both are bytes as characters. */
  write(part: string): string {
    this.#text += part;
    this.#tokenizer.write(part);
    const end = this.#base + this.#text.length;
    if (this.#link && end - this.#link.start > maxValue) this.#link = undefined;
    this.#giveOut(this.#link?.start ?? end);
    const kept = Math.max(this.#base, Math.min(this.#given, end - maxName));
    this.#text = this.#slice(kept, end);
    this.#base = kept;
    return this.#take();
  }

  /** Returns the rest of a page that has ended. */
  end(): string {
    this.#giveOut(this.#base + this.#text.length);
    return this.#take();
  }

  #endLink(quote: QuoteType, end: number): void {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined || quote === QuoteType.NoValue) return;
    const rewritten = this.#rewrite(link.value);
    if (rewritten === link.value) return;
    const [lead] = /^[ \t\n\f\r]*=[ \t\n\f\r]*["']?/.exec(this.#slice(link.start, end))!;
    this.#giveOut(link.start + lead.length);
    this.#output += rewritten.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
    this.#given = quote === QuoteType.Unquoted ? end : end - 1;
  }

  #name(start: number, end: number): string {
    return end - start > maxName ? '' : this.#slice(start, end).toLowerCase();
  }

  #slice(start: number, end: number): string {
    return this.#text.slice(start - this.#base, end - this.#base);
  }

  #giveOut(end: number): void {
    this.#output += this.#slice(this.#given, end);
    this.#given = end;
  }

  #take(): string {
    const output = this.#output;
    this.#output = '';
    return output;
  }
}

/** Whether an answer is a page whose links can be rewritten: HTML in a coding that is known here. */
export function isRewritable(headers: Readonly<Record<string, unknown>>): boolean {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  return type.trim() === 'text/html' && ['', 'gzip', 'deflate'].includes(String(headers['content-encoding'] ?? ''));
}

/** Streams that a page goes through, in this order, for its links to be rewritten. It leaves them in the coding in which it came. */
export async function linkStreams(
  page: Readable,
  coding: string,
  rewrite: (link: string) => string,
): Promise<Transform[]> {
  const links = new LinkRewriter(rewrite);
  const rewriting = new Transform({
    transform: (part: Buffer, _, done) => done(null, Buffer.from(links.write(part.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(links.end(), 'latin1')),
  });
  if (coding === 'gzip') return [createGunzip(), rewriting, createGzip()];
  if (coding !== 'deflate') return [rewriting];
  // Servers send deflate with zlib's header, as the standard says, or without, as Kubernetes reads it.
  return (await hasZlibHeader(page))
    ? [createInflate(), rewriting, createDeflate()]
    : [createInflateRaw(), rewriting, createDeflateRaw()];
}

async function hasZlibHeader(page: Readable): Promise<boolean> {
  await once(page, 'readable');
  const first = page.read(1) as Buffer | null;
  if (first === null) return true;
  page.unshift(first);
  return (first[0]! & 0x0f) === 8;
}
