import ts from 'typescript';

/** `folderIn(storeUri, 'models')` and `runFolderIn(runUri, 'staged')`. */
export const placeMade = ({ expression, arguments: [, place] }: ts.CallExpression): string | undefined =>
  ts.isIdentifier(expression) && /^(folderIn|runFolderIn)$/.test(expression.text) && place && ts.isStringLiteral(place)
    ? place.text
    : undefined;

/** What a declaration says of itself: by its type, or by the schema that it is checked by. */
export const declaredPlace = (
  declaration: ts.Node,
  symbolOf: (node: ts.Node) => ts.Symbol | undefined,
): string | undefined => {
  const { type, initializer } = declaration as { type?: ts.TypeNode; initializer?: ts.Expression };
  const text = type?.getText() ?? '';
  if (/\bForeignUri\b/.test(text)) return 'elsewhere';
  const [, typed] = /\bUriIn<'([\w-]+)'>/.exec(text) ?? [];
  if (typed) return typed;
  if (!initializer || !ts.isPropertyAssignment(declaration)) return undefined;
  const [, checked] = /\buriIn\('([\w-]+)'\)/.exec(initializer.getText()) ?? [];
  if (checked) return checked;
  const first = firstIdentifier(initializer);
  const schema = first && (symbolOf(first)?.valueDeclaration as ts.VariableDeclaration | undefined)?.initializer;
  return schema && /\bregex\(RUN_URI\b/.test(schema.getText()) ? 'runs' : undefined;
};

const firstIdentifier = (node: ts.Node): ts.Identifier | undefined =>
  ts.isIdentifier(node) ? node : ts.forEachChild(node, firstIdentifier);
