import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** A model that answers each row by a function of it, and remembers what it was asked. */
export const inMemoryModelServer = (
  answer: (row: string) => string = (row) => `${row.length}`,
): ModelServer & { readonly requests: string[] } => {
  const requests: string[] = [];
  return {
    requests,
    async predict(_endpointName, csv) {
      requests.push(csv);
      return csv
        .split('\n')
        .slice(0, -1)
        .map((row) => `${answer(row)}\n`)
        .join('');
    },
  };
};
