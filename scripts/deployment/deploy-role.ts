import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Template } from './template.ts';

/** The short forms of CloudFormation's functions, which YAML takes for tags. */
const customTags = Object.entries({ '!Ref': 'Ref', '!Sub': 'Fn::Sub', '!GetAtt': 'Fn::GetAtt' }).map(([tag, name]) => ({
  tag,
  resolve: (text: string) => ({ [name]: text }),
}));

/** A template that stands beside the service's, in YAML. */
export const readYamlTemplate = (rootDir: string, path: string): Template =>
  parse(readFileSync(join(rootDir, path), 'utf8'), { customTags }) as Template;

/** The role to deploy with; docs/deploying.md tells of it. */
export const readDeployRole = (rootDir: string): Template => readYamlTemplate(rootDir, 'resources/deploy-role.yml');
