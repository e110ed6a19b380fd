import { tokenize } from './sql/tokenizer.ts';

/** The statements of an SQL script, which ends each with a semicolon; one inside a string or a comment doesn't count. */
export const statementsOf = (script: string): string[] => {
  const statements = [''];
  for (const { kind, text } of tokenize(script)) {
    if (kind === 'operator' && text === ';') statements.push('');
    else if (kind !== 'comment') statements[statements.length - 1] += text;
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
};
