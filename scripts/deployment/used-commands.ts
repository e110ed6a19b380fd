import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { storeCalls } from './store-calls.ts';

/** Finds what a function's code can ask of AWS. */
export interface CommandFinder {
  /**
   * The commands of the AWS SDK that a handler can reach, as `@aws-sdk/client-s3 GetObjectCommand`, sorted.
   *
   * Follows every name from the handler on. A port is followed member by member: a function that only calls
   * `objectStore.getText` doesn't use the adapter's `put`, though its bundle holds it.
   */
  readonly commandsOf: (handlerFile: string) => string[];
  /**
   * What a handler can do with the places of the bucket, as `put run-index`, sorted: each call of the object store that it can
   * reach, and where the URI that it is handed comes from.
   *
   * @throws TypeError for a URI that the code doesn't let anybody trace to a place.
   */
  readonly storeCallsOf: (handlerFile: string) => string[];
  /** The members of ports, and of other interfaces, that a handler can reach: `Config.modelRoleArn`, `Registries.registryOf`. */
  readonly membersOf: (handlerFile: string) => ReadonlySet<string>;
}

/** Reads all handlers and what they import, once, with TypeScript's own compiler: some seconds. */
export const commandFinder = (rootDir: string): CommandFinder => {
  const handlerFiles = globSync('functions/*/*/handler.ts', { cwd: rootDir }).map((file) => join(rootDir, file));
  const { config } = ts.readConfigFile(join(rootDir, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, rootDir);
  const program = ts.createProgram(handlerFiles, options);
  const checker = program.getTypeChecker();
  const isOurs = (node: ts.Node): boolean =>
    /^(functions|shared)\//.test(relative(rootDir, node.getSourceFile().fileName));

  const reached = new Map<string, Traced>();
  const reachOf = (handlerFile: string): Traced => {
    const known = reached.get(handlerFile);
    if (known) return known;
    const source = program.getSourceFile(join(rootDir, handlerFile));
    if (!source) throw new TypeError(`${handlerFile} doesn't exist.`);
    const { calls, ...rest } = reach(source, checker, isOurs);
    let traced: string[] | undefined;
    const found = { ...rest, storeCalls: () => (traced ??= storeCalls(calls, checker)) };
    reached.set(handlerFile, found);
    return found;
  };
  return {
    commandsOf: (handlerFile) => [...reachOf(handlerFile).commands].sort(),
    storeCallsOf: (handlerFile) => reachOf(handlerFile).storeCalls(),
    membersOf: (handlerFile) => reachOf(handlerFile).members,
  };
};

type Traced = Omit<Reach, 'calls'> & { readonly storeCalls: () => string[] };

interface Reach {
  readonly commands: ReadonlySet<string>;
  readonly calls: ReadonlySet<ts.CallExpression>;
  readonly members: ReadonlySet<string>;
}

const reach = (handler: ts.SourceFile, checker: ts.TypeChecker, isOurs: (node: ts.Node) => boolean): Reach => {
  const commands = new Set<string>();
  const calls = new Set<ts.CallExpression>();
  const seen = new Set<ts.Node>();
  const queue: ts.Node[] = [handler];
  /** Members of ports that are used, and the adapters' members that wait until they are. */
  const usedMembers = new Set<ts.Node>();
  const waiting = new Map<ts.Node, ts.Node[]>();

  /** A step may write down what it needs of a port as a type of its own; then the member's name has to do. */
  const usedNames = new Set<string>();
  const waitingByName = new Map<string, { readonly member: ts.Node; readonly ports: readonly ts.Node[] }[]>();

  const enqueue = (node: ts.Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    queue.push(node);
  };

  const use = (member: ts.Node): void => {
    if (usedMembers.has(member)) return;
    usedMembers.add(member);
    const call = httpCall(member);
    if (call) commands.add(call);
    for (const implementation of waiting.get(member) ?? []) enqueue(implementation);
  };

  const useName = (name: string): void => {
    if (usedNames.has(name)) return;
    usedNames.add(name);
    for (const { member, ports } of waitingByName.get(name) ?? []) {
      enqueue(member);
      for (const port of ports) use(port);
    }
  };

  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isImportDeclaration(node)) return;
    if (ts.isObjectLiteralElementLike(node) && implementsPort(node)) return;
    if (ts.isIdentifier(node)) follow(node);
    if (ts.isCallExpression(node)) calls.add(node);
    ts.forEachChild(node, visit);
  };

  /** Holds back the member of an adapter until somebody uses the port's member that it implements. */
  const implementsPort = (member: ts.ObjectLiteralElementLike): boolean => {
    const isCode =
      ts.isMethodDeclaration(member) ||
      (ts.isPropertyAssignment(member) && ts.isFunctionLike(member.initializer)) ||
      ts.isShorthandPropertyAssignment(member);
    if (!isCode || seen.has(member)) return false;
    const type = checker.getContextualType(member.parent as ts.Expression);
    const declared = type?.getProperty(member.name.getText())?.declarations?.filter(isPortMember) ?? [];
    if (declared.length === 0) return false;
    const name = member.name.getText();
    waitingByName.set(name, [...(waitingByName.get(name) ?? []), { member, ports: declared }]);
    if (usedNames.has(name)) {
      enqueue(member);
      for (const port of declared) use(port);
    }
    for (const port of declared) {
      waiting.set(port, [...(waiting.get(port) ?? []), member]);
      if (usedMembers.has(port)) enqueue(member);
    }
    return true;
  };

  const isPortMember = (declaration: ts.Declaration): boolean =>
    isOurs(declaration) &&
    (ts.isMethodSignature(declaration) || ts.isPropertySignature(declaration)) &&
    ts.isInterfaceDeclaration(declaration.parent);

  const follow = (name: ts.Identifier): void => {
    const symbol = symbolOf(name);
    for (const declaration of symbol?.declarations ?? []) {
      if (isPortMember(declaration)) use(declaration);
      else if (isOurs(declaration) && declaration.parent && ts.isTypeLiteralNode(declaration.parent))
        useName(name.text);
      else if (isOurs(declaration)) enqueue(declaration);
      else noteCommand(name, declaration);
    }
  };

  const symbolOf = (name: ts.Identifier): ts.Symbol | undefined => {
    const { parent } = name;
    // `{ a }` and `const { a } = b` name two things each: the variable and the member.
    if (ts.isShorthandPropertyAssignment(parent)) return resolve(checker.getShorthandAssignmentValueSymbol(parent));
    if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)) {
      const member = checker.getTypeAtLocation(parent.parent).getProperty((parent.propertyName ?? name).getText());
      for (const declaration of member?.declarations?.filter(isPortMember) ?? []) use(declaration);
    }
    return resolve(checker.getSymbolAtLocation(name));
  };

  const resolve = (symbol: ts.Symbol | undefined): ts.Symbol | undefined =>
    symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

  const noteCommand = (name: ts.Identifier, declaration: ts.Declaration): void => {
    const [, library] =
      /node_modules\/(@aws-sdk\/(?:client|lib)-[\w-]+)\//.exec(declaration.getSourceFile().fileName) ?? [];
    const isCommand = /^(\w+Command|paginate\w+|waitUntil\w+|Upload)$/.test(name.text);
    if (library && isCommand && !ts.isPropertyAccessExpression(name.parent)) commands.add(`${library} ${name.text}`);
  };

  for (let node = queue.pop(); node; node = queue.pop())
    ts.isSourceFile(node) ? ts.forEachChild(node, visit) : visit(node);
  return { commands, calls, members: new Set([...usedMembers].map(memberName)) };
};

const memberName = (member: ts.Node): string =>
  `${(member.parent as ts.InterfaceDeclaration).name.text}.${(member as ts.MethodSignature).name.getText()}`;

/** The registry of images is spoken to without the SDK; its port's members stand for its calls. */
const httpCall = (member: ts.Node): string | undefined => {
  const { parent } = member;
  if (!ts.isInterfaceDeclaration(parent) || !/^Registr(y|ies)$/.test(parent.name.text)) return undefined;
  return memberName(member);
};
