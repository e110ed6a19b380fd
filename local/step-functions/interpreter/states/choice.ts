import type { ChoiceState } from '../../definition/asl.ts';
import { complete } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import { EvaluationFailure, ownFailure } from '../failure.ts';
import type { Outcome, Visit } from '../scope.ts';
import { evaluateTemplate } from '../template.ts';

/** Choice: the first rule whose condition is true; a rule's own `Assign` and `Output` take the place of the state's. */
export const runChoice = async (visit: Visit<ChoiceState>): Promise<Outcome> => {
  const bindings = bindingsOf(visit);
  for (const [index, rule] of visit.state.Choices.entries()) {
    const location = `Choices[${index}]/`;
    const condition = await evaluateTemplate(rule.Condition, bindings, `${location}Condition`);
    if (typeof condition !== 'boolean') {
      throw new EvaluationFailure(
        `The field '${location}Condition' must be true or false, but is ${JSON.stringify(condition)}.`,
        `${location}Condition`,
      );
    }
    if (condition) return complete(visit, rule, { bindings, fallback: visit.input, location });
  }
  const { Default } = visit.state;
  if (Default === undefined) {
    // The language calls this States.NoChoiceMatched; AWS reports it as States.Runtime, which no Catch sees.
    throw ownFailure('States.Runtime', 'No rule of the Choice state matched its input, and it has no Default.');
  }
  return complete(visit, { ...visit.state, Next: Default }, { bindings, fallback: visit.input });
};
