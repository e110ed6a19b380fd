import ts from 'typescript';
import { declaredPlace, placeMade } from './declared-place.ts';
import { aliased, callsByFunction, functionOf, listedBy, nameOf, returned, unwrapped } from './syntax.ts';

/** A place of the bucket, or `elsewhere`: somebody else's bucket. */
type Places = ReadonlySet<string>;

/**
 * Says in which places of the bucket the URIs can lie that an expression comes to.
 *
 * A URI is told by what made it: `folderIn` and `runFolderIn` of the layout, whatever function they are called by; by a schema
 * that checks it, `uriIn('models')`; or by a type that says so, `UriIn<'tasks'>`. A parameter is what the calls that the
 * function can reach hand over.
 */
export const uriTracer = (
  calls: ReadonlySet<ts.CallExpression>,
  checker: ts.TypeChecker,
): ((uri: ts.Expression) => Places) => {
  const callsOf = callsByFunction(calls, checker);
  const symbolOf = (node: ts.Node) => aliased(checker.getSymbolAtLocation(node), checker);

  /** What is being traced already gives nothing new: a function may call itself. */
  const trace = (node: ts.Expression, path: readonly ts.Node[]): string[] => {
    if (path.includes(node)) return [];
    const within = [...path, node];
    const inner = unwrapped(node);
    if (ts.isTemplateExpression(inner) && inner.head.text === '') {
      return trace(inner.templateSpans[0]!.expression, within);
    }
    if (ts.isConditionalExpression(inner)) return [...trace(inner.whenTrue, within), ...trace(inner.whenFalse, within)];
    if (ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
      return [...trace(inner.left, within), ...trace(inner.right, within)];
    }
    if (ts.isCallExpression(inner)) return traceCall(inner, within);
    if (ts.isPropertyAccessExpression(inner)) {
      return traceProperty(inner.expression, inner.name.text, within) ?? fail(inner);
    }
    if (ts.isIdentifier(inner)) {
      const declarations = symbolOf(inner)?.declarations ?? [];
      return declarations.flatMap((declaration) => traceDeclaration(declaration, within) ?? fail(inner));
    }
    return fail(inner);
  };

  const traceCall = (call: ts.CallExpression, path: readonly ts.Node[]): string[] => {
    const named = placeMade(call);
    if (named) return [named];
    const { expression: callee } = call;
    if (ts.isPropertyAccessExpression(callee) && STRING_METHODS.has(callee.name.text)) {
      return trace(callee.expression, path);
    }
    const made = functionOf(symbolOf(nameOf(callee))?.valueDeclaration);
    return made ? returned(made).flatMap((expression) => trace(expression, path)) : fail(call);
  };

  const traceDeclaration = (declaration: ts.Node, path: readonly ts.Node[]): string[] | undefined => {
    const declared = declaredPlace(declaration, symbolOf);
    if (declared) return [declared];
    if (ts.isVariableDeclaration(declaration) && declaration.initializer) return trace(declaration.initializer, path);
    if (ts.isPropertyAssignment(declaration)) return trace(declaration.initializer, path);
    if (ts.isShorthandPropertyAssignment(declaration)) {
      const value = aliased(checker.getShorthandAssignmentValueSymbol(declaration), checker)?.valueDeclaration;
      return value && traceDeclaration(value, path);
    }
    if (ts.isParameter(declaration)) return traceParameter(declaration, path);
    if (ts.isBindingElement(declaration)) return traceBinding(declaration, path);
    return undefined;
  };

  const traceParameter = (parameter: ts.ParameterDeclaration, path: readonly ts.Node[]): string[] | undefined => {
    const index = parameter.parent.parameters.indexOf(parameter);
    const handedOver = (callsOf.get(parameter.parent) ?? []).flatMap((call) => call.arguments[index] ?? []);
    return handedOver.length === 0 ? undefined : handedOver.flatMap((argument) => trace(argument, path));
  };

  /** `{ uri }` of a variable, of a parameter, or of what a loop goes over. */
  const traceBinding = (element: ts.BindingElement, path: readonly ts.Node[]): string[] | undefined => {
    const name = (element.propertyName ?? element.name).getText();
    const pattern = element.parent;
    const byType = traceMember(checker.getTypeAtLocation(pattern), name, path);
    if (byType) return byType;
    const owner = pattern.parent;
    if (ts.isVariableDeclaration(owner)) {
      const listed = listedBy(owner);
      if (listed) return trace(listed, path);
      return owner.initializer && traceProperty(owner.initializer, name, path);
    }
    if (!ts.isParameter(owner)) return undefined;
    const index = owner.parent.parameters.indexOf(owner);
    const handedOver = (callsOf.get(owner.parent) ?? []).flatMap((call) => call.arguments[index] ?? []);
    const traced = handedOver.map((argument) => traceProperty(argument, name, path));
    return traced.length === 0 || traced.includes(undefined) ? undefined : traced.flatMap((places) => places!);
  };

  const traceProperty = (owner: ts.Expression, name: string, path: readonly ts.Node[]): string[] | undefined => {
    const byType = traceMember(checker.getTypeAtLocation(owner), name, path);
    if (byType) return byType;
    const inner = unwrapped(owner);
    const declaration = ts.isIdentifier(inner) ? symbolOf(inner)?.valueDeclaration : undefined;
    if (!declaration) return undefined;
    const listed = ts.isVariableDeclaration(declaration) ? listedBy(declaration) : undefined;
    if (listed) return trace(listed, path);
    return ts.isVariableDeclaration(declaration) && declaration.initializer && !path.includes(declaration.initializer)
      ? traceProperty(declaration.initializer, name, [...path, declaration.initializer])
      : undefined;
  };

  const traceMember = (type: ts.Type, name: string, path: readonly ts.Node[]): string[] | undefined => {
    const declarations = checker.getNonNullableType(type).getProperty(name)?.declarations ?? [];
    const traced = declarations.map((declaration) => traceDeclaration(declaration, path));
    return traced.length === 0 || traced.includes(undefined) ? undefined : traced.flatMap((places) => places!);
  };

  return (uri) => new Set(trace(uri, []));
};

const STRING_METHODS = new Set(['replace', 'slice', 'trim']);

const fail = (node: ts.Node): never => {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  throw new TypeError(
    `${source.fileName}:${line + 1}: nothing tells where ${node.getText()} lies in the bucket. Make the URI by folderIn or runFolderIn of shared/store/layout.ts, check it by uriIn, or give it the type UriIn.`,
  );
};
