export interface StageName {
  /** Such as `fedml-serverless-dev`. */
  readonly stack: string;
  readonly stage: string;
}

/** CloudFormation compares templates, not what is there: what somebody changed by hand stays as it is. Ends before the commands. */
export const redeployOr = ({ stage }: StageName): string =>
  `If this checkout isn't deployed yet: npx serverless deploy --stage ${stage}. If that says "No changes", it was changed by hand; restore it:`;

/** A document as one word of a shell. */
export const quoted = (document: object): string => `'${JSON.stringify(document).replaceAll("'", `'\\''`)}'`;
