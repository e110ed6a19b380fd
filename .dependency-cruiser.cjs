// The import rules of docs/architecture.md, one rule a row. `npm run check:imports` runs them;
// test/architecture/imports.test.ts asserts that a non-empty set of modules was read.

const SDKS = '^node_modules/(@aws-sdk|@sap/hana-client|@kubernetes)/';
const ADAPTERS =
  '^shared/.*/(hana|s3|sagemaker|sagemaker-runtime|step-functions|eventbridge|secrets-manager|cloudwatch-logs|ecr|kubernetes)\\.ts$';
const STEP = '^functions/([^/]+/[^/]+)/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'The judges of tools/judges have a package.json of their own, and need not be installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(amazon-states-language-service|vscode-languageserver-textdocument)$' },
    },
    {
      name: 'production-never-imports-local-cli-or-test',
      severity: 'error',
      from: { path: '^(functions|shared)/' },
      to: { path: '^(local|cli|test|bench)/' },
    },
    {
      name: 'local-never-imports-cli-or-test',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(cli|test|bench)/' },
    },
    {
      name: 'shared-never-imports-functions',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^functions/' },
    },
    {
      name: 'steps-do-not-import-each-other',
      severity: 'error',
      from: { path: STEP, pathNot: '^functions/api/openapi/' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    {
      name: 'the-openapi-document-imports-schemas-only',
      severity: 'error',
      from: { path: '^functions/api/openapi/' },
      to: { path: '^functions/', pathNot: '^functions/api/([^/]+/schema\\.ts$|openapi/)' },
    },
    {
      name: 'only-adapters-touch-sdks',
      severity: 'error',
      from: { path: '^(functions|shared)/', pathNot: ADAPTERS },
      to: { path: SDKS },
    },
    {
      name: 'only-handlers-choose-adapters',
      severity: 'error',
      from: { path: '^(functions|shared)/', pathNot: [`^functions/.*/handler\\.ts$`, ADAPTERS] },
      to: { path: ADAPTERS },
    },
    {
      name: 'only-step-knows-middy',
      severity: 'error',
      from: { pathNot: '^shared/step\\.ts$' },
      to: { path: '^node_modules/@middy/' },
    },
    {
      name: 'nothing-imports-the-judge-of-iam-decisions',
      comment: 'It is under the AGPL: docs/decisions/0019-own-policy-evaluator.md',
      severity: 'error',
      from: {},
      to: { path: '(^tools/iam-judge/|@cloud-copilot/iam-(simulate|policy|utils))' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
