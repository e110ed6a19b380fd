import { functionArn } from '#local/lambda/functions.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';

/**
 * Fills a definition's placeholders for a test that stands in for the functions: `${TrainModelFunctionArn}` is the function
 * `trainModel`, `${StagingStateMachineArn}` the state machine `staging`.
 */
export const substitute = (definition: string): string =>
  definition.replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    if (name === 'EventBusName') return 'fedml';
    const [, stem, kind] = /^(\w+)(FunctionArn|StateMachineArn)$/.exec(name) ?? [];
    if (!stem) throw new TypeError(`The tests have nothing for the placeholder ${placeholder}.`);
    const key = stem.charAt(0).toLowerCase() + stem.slice(1);
    return kind === 'FunctionArn'
      ? functionArn(account, key)
      : `arn:aws:states:${account.region}:${account.accountId}:stateMachine:${key}`;
  });
