import { notSupported, sqlSyntaxError } from '../errors.ts';
import { checkIdentifier } from '../names.ts';
import { type Token, tokenize } from '../tokenizer.ts';
import type { Expression, Path, Query } from './ast.ts';
import { isReserved } from './reserved-words.ts';

/** Deeper nesting would exhaust the stack before it means anything. */
const MAX_DEPTH = 400;

/** The parts of the grammar that contain each other, so that their modules need not import each other. */
export interface Grammar {
  expression(stream: TokenStream): Expression;
  /** An expression without conditions, as the operands of a condition are. */
  sum(stream: TokenStream): Expression;
  query(stream: TokenStream): Query;
}

/** Walks the tokens of one statement; everything the parser asks of its input goes through here. */
export class TokenStream {
  readonly sql: string;
  readonly grammar: Grammar;
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;
  private readonly parameterNames = new Map<string, number>();
  private parameters = 0;

  constructor(sql: string, grammar: Grammar) {
    this.sql = sql;
    this.grammar = grammar;
    const tokens = tokenize(sql).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
    while (tokens.at(-1)?.value === ';' && tokens.at(-1)?.kind === 'operator') tokens.pop();
    tokens.push({ kind: 'end', text: '', value: '', position: sql.length });
    this.tokens = tokens;
  }

  get parameterCount(): number {
    return this.parameters;
  }

  get token(): Token {
    return this.tokens[this.index]!;
  }

  get mark(): number {
    return this.index;
  }

  /** The token `offset` places further on; the end repeats. */
  ahead(offset: number): Token {
    return this.tokens[Math.min(this.index + offset, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.index += 1;
    return token;
  }

  /** Back to a mark taken before. */
  rewind(mark: number): void {
    this.index = mark;
  }

  isWord(...words: readonly string[]): boolean {
    return words.every((word, offset) => {
      const token = this.ahead(offset);
      return token.kind === 'word' && token.value === word;
    });
  }

  isOperator(operator: string): boolean {
    return this.token.kind === 'operator' && this.token.value === operator;
  }

  /** Takes the words if all of them come next. */
  acceptWord(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.index += words.length;
    return true;
  }

  acceptOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.index += 1;
    return true;
  }

  expectWord(...words: readonly string[]): void {
    for (const word of words) if (!this.acceptWord(word)) throw this.unexpected(`expected ${word}`);
  }

  expectOperator(operator: string): void {
    if (!this.acceptOperator(operator)) throw this.unexpected(`expected ${operator}`);
  }

  /** One of the words, or an error that lists them. */
  expectOneOf<W extends string>(...words: readonly W[]): W {
    const word = words.find((candidate) => this.acceptWord(candidate));
    if (word === undefined) throw this.unexpected(`expected ${words.join(' or ')}`);
    return word;
  }

  identifier(): string {
    const token = this.token;
    const usable = token.kind === 'identifier' || (token.kind === 'word' && !isReserved(token.value));
    if (!usable) throw this.unexpected('expected an identifier');
    checkIdentifier(token.value);
    this.index += 1;
    return token.value;
  }

  /** An identifier if one comes next: an alias without AS. */
  optionalIdentifier(): string | undefined {
    const { kind, value } = this.token;
    return kind === 'identifier' || (kind === 'word' && !isReserved(value)) ? this.identifier() : undefined;
  }

  /** Identifiers with points between them. */
  path(): Path {
    const at = this.token;
    const parts = [this.identifier()];
    while (this.acceptOperator('.')) parts.push(this.token.kind === 'word' ? this.next().value : this.identifier());
    return { parts, at };
  }

  string(): string {
    if (this.token.kind !== 'string') throw this.unexpected('expected a string');
    return this.next().value;
  }

  /** A whole number without a sign. */
  integer(): number {
    const value = Number(this.token.value);
    if (this.token.kind !== 'number' || !Number.isSafeInteger(value)) throw this.unexpected('expected a whole number');
    this.next();
    return value;
  }

  /** The number of the parameter at this token: each ? is a new one, equal names are one. */
  parameter(): number {
    const { value } = this.next();
    const known = value === '' ? undefined : this.parameterNames.get(value);
    if (known !== undefined) return known;
    if (value !== '') this.parameterNames.set(value, this.parameters);
    this.parameters += 1;
    return this.parameters - 1;
  }

  /** Items with commas between them. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptOperator(',')) items.push(item());
    return items;
  }

  inParentheses<T>(content: () => T): T {
    this.expectOperator('(');
    const result = content();
    this.expectOperator(')');
    return result;
  }

  /** Guards a recursion of the parser. */
  nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw notSupported(`expressions nested deeper than ${MAX_DEPTH} levels`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  /** The source between two marks, from the first token's start to the last one's end. */
  source(from: number, to: number): string {
    const last = this.tokens[to - 1]!;
    return this.sql.slice(this.tokens[from]!.position, last.position + last.text.length);
  }

  /** HANA's name for an unnamed column: the tokens in upper case, with a space only between two words. */
  columnName(from: number, to: number): string {
    let name = '';
    let previous: Token | undefined;
    for (const token of this.tokens.slice(from, to)) {
      const text = token.kind === 'word' || token.kind === 'identifier' ? token.value : token.text;
      name += previous && isWordLike(previous) && isWordLike(token) ? ` ${text}` : text;
      previous = token;
    }
    return name.slice(0, 127);
  }

  expectEnd(): void {
    if (this.token.kind === 'end') return;
    if (this.isOperator(';')) throw notSupported('more than one statement in one text');
    throw this.unexpected();
  }

  /** 257 at the token where the parser is. */
  unexpected(hint?: string): Error {
    const { token } = this;
    if (token.kind === 'end')
      return sqlSyntaxError(this.sql, this.sql.length, '', hint ?? 'the statement ends too early');
    return sqlSyntaxError(this.sql, token.position, token.text, hint);
  }
}

const isWordLike = ({ kind }: Token): boolean => kind !== 'operator' && kind !== 'parameter';
