import { resourceNeed, type Subject } from './action-rules.ts';
import { IAM_ACTIONS } from './iam-actions.ts';
import { conditionText, type Need, need } from './needs.ts';
import { stackNames } from './stack-names.ts';
import type { Template } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

/** The rights that a function needs for what its code can reach, action by action, with their resources. */
export const codeNeeds = (
  template: Template,
  { commandsOf, storeCallsOf, membersOf }: CommandFinder,
  id: string,
  properties: Readonly<Record<string, unknown>>,
): Need[] => {
  const handler = sourceOf(String(properties.Handler));
  const commands = commandsOf(handler);
  const subject: Subject = {
    id,
    commands,
    actions: new Set(commands.flatMap(actionsOf)),
    storeCalls: storeCallsOf(handler),
    members: membersOf(handler),
    variables: (properties.Environment as { Variables: Record<string, unknown> } | undefined)?.Variables ?? {},
    template,
    names: stackNames(template),
  };
  const others = [...subject.actions].filter((action) => !action.startsWith('s3:'));
  return [
    ...storeNeeds(subject),
    ...others.flatMap((action) => resourceNeed(action, subject)),
    // https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
    ...(subject.actions.has('sagemaker:CreateEndpoint')
      ? [need('kms:CreateGrant', subject.names.key, 'Bool kms:GrantIsForAWSResource = true')]
      : []),
  ];
};

/** `functions/training/train-model/handler.handler` is the export `handler` of this source. */
const sourceOf = (handler: string): string => `${handler.slice(0, handler.lastIndexOf('.'))}.ts`;

const actionsOf = (command: string): readonly string[] => {
  const actions = IAM_ACTIONS[command];
  if (!actions) throw new TypeError(`iam-actions.ts doesn't know what ${command} needs. Add it there.`);
  return actions;
};

const STORE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  getText: ['s3:GetObject'],
  getStream: ['s3:GetObject'],
  stat: ['s3:GetObject'],
  put: ['s3:PutObject'],
  putStream: ['s3:PutObject', 's3:AbortMultipartUpload'],
  tag: ['s3:PutObjectTagging'],
  delete: ['s3:DeleteObject'],
  list: [],
};

const storeActions = (operation: string): readonly string[] => {
  const actions = STORE_ACTIONS[operation];
  if (!actions)
    throw new TypeError(`function-needs.ts doesn't know what ObjectStore.${operation} needs. Add it there.`);
  return actions;
};

/** Who reads has to be told that an object is missing, which takes the right to list, unconditionally; who only lists doesn't. */
const storeNeeds = ({ storeCalls, template, names }: Subject): Need[] => {
  const calls = storeCalls.map((call) => call.split(' ') as [operation: string, place: string]);
  const reads = calls.some(([operation, place]) => /^(get|stat)/.test(operation) && place !== 'elsewhere');
  const lists = calls.filter(([operation]) => operation === 'list').map(([, place]) => `${place}/*`);
  const byPrefix = conditionText({ StringLike: { 's3:prefix': lists } });
  return [
    ...calls.flatMap(([operation, place]) =>
      storeActions(operation).map((action) =>
        need(action, place === 'elsewhere' ? elsewhere(template) : [names.objectsIn(place)]),
      ),
    ),
    ...(reads ? [need('s3:ListBucket', ['Bucket.Arn'])] : []),
    ...(!reads && lists.length > 0 ? [need('s3:ListBucket', ['Bucket.Arn'], byPrefix)] : []),
  ];
};

/** The one bucket of others that is read: SageMaker's own, or that of the parameter `adoptionBucket`. */
const elsewhere = (template: Template): string[] => {
  const text = JSON.stringify(template.Resources.AdoptModelRole?.Properties ?? {});
  return [/"(arn:\$\{AWS::Partition\}:s3:::[^"/*]+\/\*)"/.exec(text)?.[1] ?? 'the adoption bucket'];
};
