import { AwsError } from '#local/http/aws-json.ts';

export interface Diagnostic {
  readonly severity: 'ERROR' | 'WARNING';
  readonly code: string;
  readonly message: string;
  readonly location?: string;
}
export const definitionProblems = (definition: string): Diagnostic[] => {
  JSON.parse(definition);
  return [];
};
export const checkDefinition = (_name: string, definition: string): void => {
  if (definitionProblems(definition).length) throw new AwsError('InvalidDefinition', 'x');
};
