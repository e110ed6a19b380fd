import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const JUDGES = join(ROOT, 'tools', 'judges');
const MACHINES = ['deployment', 'pipeline', 'prediction', 'staging', 'training'];

const isInstalled = existsSync(join(JUDGES, 'node_modules', 'amazon-states-language-service'));
if (!isInstalled) {
  console.log("AWS's language service is not installed, so it judges no state machine: node tools/judges/install.mjs");
}

/** What AWS's own language service, which also checks machines in the console's editor, finds in a definition. */
const findingsIn = async (text: string): Promise<string[]> => {
  const require = createRequire(join(JUDGES, 'package.json'));
  const { getLanguageService } = require('amazon-states-language-service');
  const { TextDocument } = require('vscode-languageserver-textdocument');
  const service = getLanguageService({});
  const document = TextDocument.create('file:///machine.asl.json', 'json', 1, text);
  const findings: { message: string }[] = await service.doValidation(document, service.parseJSONDocument(document));
  return findings.map(({ message }) => message);
};

const read = (machine: string): string => readFileSync(join(ROOT, 'statemachines', `${machine}.asl.json`), 'utf8');

describe.skipIf(!isInstalled)("AWS's language service", () => {
  it.each(MACHINES)('finds nothing in %s', async (machine) => {
    expect(await findingsIn(read(machine))).toEqual([]);
  });

  it.each<[mistake: string, from: RegExp, to: string]>([
    ['a state that does not exist', /"Next": "GatePassed"/, '"Next": "GateWasPassed"'],
    ['a field that does not exist', /"TimeoutSeconds"/, '"TimeoutSecs"'],
    ['a type that does not exist', /"Type": "Choice"/, '"Type": "Chance"'],
    ['JSON that is none', /"States": \{/, '"States": {{'],
  ])('finds %s', async (_, from, to) => {
    const text = read('training');
    expect(text).toMatch(from);

    expect(await findingsIn(text.replace(from, to))).not.toEqual([]);
  });
});
