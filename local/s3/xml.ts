import { S3Error } from './s3-error.ts';

/** Content of an element: text, or children in order. A list repeats its element; `undefined` leaves it out. */
export type XmlContent = string | number | boolean | XmlChildren;
export interface XmlChildren {
  readonly [element: string]: XmlContent | readonly XmlContent[] | undefined;
}

/** A whole document with S3's namespace. */
export const xmlDocument = (root: string, content: XmlContent): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body(content)}</${root}>`;

/** Errors carry no namespace. */
export const xmlError = (content: XmlChildren): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${body(content)}</Error>`;

const body = (content: XmlContent): string => {
  if (typeof content !== 'object') return escapeText(String(content));
  let text = '';
  for (const name in content) {
    const value = content[name];
    if (value === undefined) continue;
    if (!Array.isArray(value)) text += `<${name}>${body(value as XmlContent)}</${name}>`;
    else for (const item of value as readonly XmlContent[]) text += `<${name}>${body(item)}</${name}>`;
  }
  return text;
};

/** Control characters travel as references, as S3 sends them: a literal CR would arrive as LF. */
const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  text.replace(/[&<>\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    const entity = ENTITY_BY_CHARACTER[character];
    return entity ? `&${entity};` : `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  });

const ENTITY_BY_CHARACTER: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt' };

/** A parsed element; `text` joins the character data directly inside it. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export const childrenNamed = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter((child) => child.name === name);

export const childText = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text;

/**
 * Reads the small documents that clients send. Attributes are skipped, comments too; a DTD is refused, so that no
 * entity can be declared.
 *
 * @throws S3Error MalformedXML, also when the root has another name than `rootName`.
 */
export const parseXml = (source: string, rootName: string): XmlElement => {
  const root = parseTree(source);
  if (root.name !== rootName) throw new S3Error('MalformedXML');
  return root;
};

/** A name must be followed by a blank, a slash or the tag's end, so that no input is scanned twice. */
const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/!?]+)(?:\s(?:"[^"]*"|'[^']*'|[^<>"'])*?)?(\/?)>|([^<]+)/y;

/** Documents nest three deep; a deeper one is an attack or a mistake. */
const MAX_DEPTH = 16;

const parseTree = (source: string): XmlElement => {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const open: OpenElement[] = [{ name: '', text: '', children: [] }];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) throw new S3Error('MalformedXML');
    const [, cdata, closing, name, selfClosing, characters] = match;
    const current = open.at(-1)!;
    if (characters !== undefined) current.text += decodeEntities(characters);
    else if (cdata !== undefined) current.text += cdata;
    else if (name !== undefined && closing) {
      if (open.length === 1 || current.name !== localName(name)) throw new S3Error('MalformedXML');
      open.pop();
    } else if (name !== undefined) {
      const element: OpenElement = { name: localName(name), text: '', children: [] };
      current.children.push(element);
      if (!selfClosing) open.push(element);
      if (open.length > MAX_DEPTH) throw new S3Error('MalformedXML');
    }
  }
  const [document] = open;
  if (open.length !== 1 || document?.children.length !== 1 || document.text.trim()) throw new S3Error('MalformedXML');
  return document.children[0]!;
};

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: OpenElement[];
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

const decodeEntities = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));?/g, (entity, hex?: string, decimal?: string, name?: string) => {
      const codePoint = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined;
      const character =
        codePoint === undefined
          ? CHARACTER_BY_ENTITY[name ?? '']
          : codePoint <= 0x10ffff
            ? String.fromCodePoint(codePoint)
            : undefined;
      if (character === undefined || !entity.endsWith(';')) throw new S3Error('MalformedXML');
      return character;
    });

const CHARACTER_BY_ENTITY: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
