import ts from 'typescript';

/** What `list` was asked for, where a loop goes over its answer. */
export const listedBy = (variable: ts.VariableDeclaration): ts.Expression | undefined => {
  const loop = variable.parent.parent;
  if (!ts.isForOfStatement(loop)) return undefined;
  const call = unwrapped(loop.expression);
  return ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    call.expression.name.text === 'list'
    ? call.arguments[0]
    : undefined;
};

export const unwrapped = (node: ts.Expression): ts.Expression =>
  ts.isParenthesizedExpression(node) ||
  ts.isAwaitExpression(node) ||
  ts.isNonNullExpression(node) ||
  ts.isAsExpression(node) ||
  ts.isSatisfiesExpression(node)
    ? unwrapped(node.expression)
    : node;

export const nameOf = (callee: ts.Expression): ts.Node =>
  ts.isPropertyAccessExpression(callee) ? callee.name : callee;

export const functionOf = (declaration: ts.Node | undefined): ts.SignatureDeclaration | undefined => {
  if (!declaration) return undefined;
  if (ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration)) return declaration;
  const { initializer } = declaration as ts.VariableDeclaration | ts.PropertyAssignment;
  return initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))
    ? initializer
    : undefined;
};

/** The expressions that a function returns, those of functions within it apart. */
export const returned = (made: ts.SignatureDeclaration): ts.Expression[] => {
  const { body } = made as ts.FunctionLikeDeclaration;
  if (!body) return [];
  if (!ts.isBlock(body)) return [body];
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
};

export const callsByFunction = (
  calls: ReadonlySet<ts.CallExpression>,
  checker: ts.TypeChecker,
): ReadonlyMap<ts.Node, ts.CallExpression[]> => {
  const byFunction = new Map<ts.Node, ts.CallExpression[]>();
  for (const call of calls) {
    const symbol = aliased(checker.getSymbolAtLocation(nameOf(call.expression)), checker);
    const made = functionOf(symbol?.valueDeclaration);
    if (made) byFunction.set(made, [...(byFunction.get(made) ?? []), call]);
  }
  return byFunction;
};

export const aliased = (symbol: ts.Symbol | undefined, checker: ts.TypeChecker): ts.Symbol | undefined =>
  symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
