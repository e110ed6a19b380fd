import type { Bound } from '../binder/bound.ts';
import { bound } from '../binder/bound.ts';
import { toText } from '../binder/conversions.ts';
import { fixed, nvarchar, varchar } from '../column-types.ts';
import { notSupported } from '../errors.ts';
import { type Call, type FunctionDefinition, type Functions, literalText, scalar, take, typeOf } from './definition.ts';

const INTEGER = fixed('INTEGER');
const sameText = ([text]: readonly Bound[]) => typeOf(text);
const longText = nvarchar(5000);

/** String functions. Positions and substrings count characters; LENGTH counts UTF-16 units, as HANA does. */
export const STRING_FUNCTIONS: Functions = {
  ASCII: scalar(['text'], INTEGER, (text) => `ascii(${text})`),
  CHAR: scalar(['integer'], varchar(1), (code) => `chr(CAST(${code} AS INTEGER))`),
  NCHAR: scalar(['integer'], nvarchar(1), (code) => `chr(CAST(${code} AS INTEGER))`),
  UNICODE: scalar(['text'], INTEGER, (text) => `unicode(${text})`),
  CONCAT: {
    minimum: 2,
    maximum: 2,
    bind({ binding, parameters }) {
      const texts = parameters.map((parameter) => toText(binding, parameter));
      return {
        sql: `(${texts.map(({ sql }) => sql).join(' || ')})`,
        type: nvarchar(texts.reduce((sum, text) => sum + typeOf(text).length, 0)),
        nullable: texts.some(({ nullable }) => nullable),
      };
    },
  },
  HAMMING_DISTANCE: scalar(
    ['text', 'text'],
    INTEGER,
    (a, b) => `CASE WHEN length(${a}) = length(${b}) THEN CAST(hamming(${a}, ${b}) AS INTEGER) ELSE -1 END`,
  ),
  INITCAP: scalar(['text'], sameText, (text) => `_sys.initcap(${text})`),
  LCASE: scalar(['text'], sameText, (text) => `lower(${text})`),
  LOWER: scalar(['text'], sameText, (text) => `lower(${text})`),
  UCASE: scalar(['text'], sameText, (text) => `upper(${text})`),
  UPPER: scalar(['text'], sameText, (text) => `upper(${text})`),
  LEFT: scalar(['text', 'integer'], sameText, (text, count) => `left(${text}, greatest(${count}, 0))`),
  RIGHT: scalar(['text', 'integer'], sameText, (text, count) => `right(${text}, greatest(${count}, 0))`),
  LENGTH: { minimum: 1, maximum: 1, bind: bindLength },
  LOCATE: { minimum: 2, maximum: 4, bind: bindLocate },
  LPAD: scalar(
    ['text', 'integer', 'text?'],
    longText,
    (text, count, pad = "' '") => `lpad(${text}, CAST(${count} AS INTEGER), ${pad})`,
  ),
  RPAD: scalar(
    ['text', 'integer', 'text?'],
    longText,
    (text, count, pad = "' '") => `rpad(${text}, CAST(${count} AS INTEGER), ${pad})`,
  ),
  LTRIM: scalar(['text', 'text?'], sameText, (text, chars = "' '") => `ltrim(${text}, ${chars})`),
  RTRIM: scalar(['text', 'text?'], sameText, (text, chars = "' '") => `rtrim(${text}, ${chars})`),
  TRIM: { minimum: 2, maximum: 3, bind: bindTrim },
  REPLACE: scalar(['text', 'text', 'text'], longText, (text, search, by) => `replace(${text}, ${search}, ${by})`),
  SUBSTR: substring(),
  SUBSTRING: substring(),
  SUBSTR_BEFORE: scalar(
    ['text', 'text'],
    sameText,
    (text, mark) => `CASE WHEN instr(${text}, ${mark}) > 0 THEN left(${text}, instr(${text}, ${mark}) - 1) ELSE '' END`,
  ),
  SUBSTR_AFTER: scalar(
    ['text', 'text'],
    sameText,
    (text, mark) =>
      `CASE WHEN instr(${text}, ${mark}) > 0 THEN substr(${text}, instr(${text}, ${mark}) + length(${mark})) ELSE '' END`,
  ),
  REPLACE_REGEXPR: { minimum: 2, maximum: 2, bind: bindReplaceRegexpr },
  SUBSTR_REGEXPR: { minimum: 2, maximum: 2, bind: bindSubstrRegexpr },
  SUBSTRING_REGEXPR: { minimum: 2, maximum: 2, bind: bindSubstrRegexpr },
  OCCURRENCES_REGEXPR: { minimum: 2, maximum: 2, bind: bindOccurrencesRegexpr },
};

function substring(): FunctionDefinition {
  return scalar(['text', 'integer', 'integer?'], sameText, (text, start, count) =>
    count === undefined
      ? `substr(${text}, greatest(${start}, 1))`
      : `substr(${text}, greatest(${start}, 1), greatest(${count}, 0))`,
  );
}

function bindLength({ binding, parameters }: Call): Bound {
  const [value] = parameters as [Bound];
  if (value.type && ['VARBINARY', 'BLOB'].includes(value.type.name)) {
    return bound(`CAST(octet_length(${value.sql}) AS INTEGER)`, INTEGER, value.nullable);
  }
  const text = toText(binding, value);
  return bound(`_sys.utf16_length(${text.sql})`, INTEGER, text.nullable);
}

/** LOCATE(haystack, needle, start): 0 when it is not there. */
function bindLocate({ binding, parameters }: Call): Bound {
  if (parameters.length > 3) throw notSupported('LOCATE with an occurrence');
  const [haystack, needle] = parameters.slice(0, 2).map((parameter) => take(binding, parameter, 'text')) as [
    Bound,
    Bound,
  ];
  const nullable = haystack.nullable || needle.nullable;
  if (!parameters[2]) return bound(`CAST(instr(${haystack.sql}, ${needle.sql}) AS INTEGER)`, INTEGER, nullable);
  const start = `greatest(${take(binding, parameters[2], 'integer').sql}, 1)`;
  const found = `instr(substr(${haystack.sql}, ${start}), ${needle.sql})`;
  return bound(`CAST(CASE WHEN ${found} > 0 THEN ${found} + ${start} - 1 ELSE 0 END AS INTEGER)`, INTEGER, nullable);
}

const TRIMS: Readonly<Record<string, string>> = { BOTH: 'trim', LEADING: 'ltrim', TRAILING: 'rtrim' };

function bindTrim({ binding, parameters }: Call): Bound {
  const [subject, side, characters] = parameters as [Bound, Bound, Bound?];
  const text = take(binding, subject, 'text');
  const set = characters ? take(binding, characters, 'text').sql : "' '";
  return bound(`${TRIMS[side.text!]}(${text.sql}, ${set})`, typeOf(text), text.nullable);
}

/** HANA's flags i, m, s and x, as RE2 writes them inside a pattern. */
export function regularExpression(call: Call, pattern: Bound, flag: Bound | undefined): string {
  const { sql } = take(call.binding, pattern, 'text');
  if (!flag) return sql;
  const flags = flag.text;
  if (flags === undefined || [...flags].some((char) => !'ims'.includes(char))) {
    throw notSupported(`regular expression flag ${flags ?? 'that is not a literal'} (i, m and s are)`);
  }
  return flags === '' ? sql : `('(?${flags})' || ${sql})`;
}

function bindReplaceRegexpr(call: Call): Bound {
  const { parameters, named } = call;
  refuseNamed(call, ['FLAG', 'WITH', 'OCCURRENCE']);
  const subject = take(call.binding, parameters[1]!, 'text');
  const pattern = regularExpression(call, parameters[0]!, named.FLAG);
  const replacement = named.WITH ? take(call.binding, named.WITH, 'text').sql : "''";
  if (named.OCCURRENCE && named.OCCURRENCE.text !== 'ALL')
    throw notSupported('REPLACE_REGEXPR with OCCURRENCE other than ALL');
  return bound(`regexp_replace(${subject.sql}, ${pattern}, ${replacement}, 'g')`, longText, subject.nullable);
}

function bindSubstrRegexpr(call: Call): Bound {
  const { parameters, named } = call;
  refuseNamed(call, ['FLAG', 'GROUP']);
  const subject = take(call.binding, parameters[1]!, 'text');
  const pattern = regularExpression(call, parameters[0]!, named.FLAG);
  const group = named.GROUP ? take(call.binding, named.GROUP, 'integer').sql : '0';
  const found = `regexp_extract(${subject.sql}, ${pattern}, ${group})`;
  return bound(`CASE WHEN regexp_matches(${subject.sql}, ${pattern}) THEN ${found} END`, typeOf(subject), true);
}

function bindOccurrencesRegexpr(call: Call): Bound {
  refuseNamed(call, ['FLAG']);
  const subject = take(call.binding, call.parameters[1]!, 'text');
  const pattern = regularExpression(call, call.parameters[0]!, call.named.FLAG);
  return bound(`CAST(len(regexp_extract_all(${subject.sql}, ${pattern})) AS INTEGER)`, INTEGER, subject.nullable);
}

function refuseNamed(call: Call, known: readonly string[]): void {
  const other = Object.keys(call.named).find((name) => !known.includes(name));
  if (other) throw notSupported(`${call.name} with ${other}`);
}

export const STRING_REGISTERS: Functions = {
  SESSION_CONTEXT: {
    minimum: 1,
    maximum: 1,
    bind: (call) => {
      const name = literalText(call, 0, 'key').toUpperCase();
      return bound(call.binding.slot({ kind: 'session-variable', name }, nvarchar(512)), nvarchar(512), true);
    },
  },
};
