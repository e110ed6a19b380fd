import { addedFunctionNames } from './functions.ts';

/** Whether a name without its `$` is a function of JSONata 2.0.6 or one that Step Functions adds. */
export const isFunctionName = (name: string): boolean => LIBRARY.has(name) || addedFunctionNames().includes(name);

/** https://docs.jsonata.org/2.0.0/string-functions and the pages after it, without `$eval`. */
const LIBRARY = new Set(
  (
    'abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent ' +
    'distinct each encodeUrl encodeUrlComponent error exists filter floor formatBase formatInteger formatNumber fromMillis ' +
    'join keys length lookup lowercase map match max merge millis min not now number pad parseInteger power random reduce ' +
    'replace reverse round shuffle sift single sort split spread sqrt string substring substringAfter substringBefore sum ' +
    'toMillis trim type uppercase zip'
  ).split(' '),
);
