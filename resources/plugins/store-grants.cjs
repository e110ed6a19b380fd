// What `store: { runs: rw, run-index: w }` of a function's entry means: a place of shared/store/layout.ts, and a letter for
// each thing that the function does there, as ObjectStore names them.
const { PLACES } = require('../../shared/store/layout.ts');

const ACTIONS = {
  r: ['s3:GetObject'], // getText, getStream
  v: ['s3:GetObjectVersion'], // the same, of a version that was recorded
  w: ['s3:PutObject'], // put
  u: ['s3:PutObject', 's3:AbortMultipartUpload'], // putStream: an upload in parts
  t: ['s3:PutObjectTagging'], // ... that marks what it writes as staged, to be deleted after some days
  d: ['s3:DeleteObject'], // delete
  l: [], // list: see below
};

const BUCKET = { 'Fn::GetAtt': ['Bucket', 'Arn'] };

const objectsIn = (place) => ({ 'Fn::Sub': `\${Bucket.Arn}/${place}/*` });

/** What is wrong with a function's `store`, in words. */
const storeProblems = (store) =>
  Object.entries(store).flatMap(([place, letters]) => [
    ...(Object.hasOwn(PLACES, place)
      ? []
      : [`store has no place ${place}; shared/store/layout.ts has ${Object.keys(PLACES).join(', ')}`]),
    ...[...String(letters)]
      .filter((letter, index, all) => !Object.hasOwn(ACTIONS, letter) || all.indexOf(letter) < index)
      .map((letter) => `store.${place} says ${letter}, and takes ${Object.keys(ACTIONS).join(', ')}, each once`),
    ...(letters ? [] : [`store.${place} says nothing`]),
  ]);

/** The statements of a function's `store`: places where the same is done share one. */
const storeStatements = (store) => {
  const places = Object.keys(store);
  const byActions = Map.groupBy(places, (place) => actionsOf(store[place]).join());
  const objects = [...byActions.values()]
    .map((group) => ({ Effect: 'Allow', Action: actionsOf(store[group[0]]), Resource: group.map(objectsIn) }))
    .filter(({ Action }) => Action.length > 0);
  return [...listStatements(store, places), ...objects];
};

const actionsOf = (letters) => [...new Set([...letters].flatMap((letter) => ACTIONS[letter]))];

/**
 * S3 tells a missing object (404) from a forbidden one (403) only to those who may list the bucket, and a request for an object
 * has no `s3:prefix` that a condition could look at. So who reads may list all names; who only lists, those of its places.
 */
const listStatements = (store, places) => {
  const list = { Effect: 'Allow', Action: 's3:ListBucket', Resource: BUCKET };
  if (places.some((place) => /[rv]/.test(store[place]))) return [list];
  const listed = places.filter((place) => store[place].includes('l'));
  if (listed.length === 0) return [];
  return [{ ...list, Condition: { StringLike: { 's3:prefix': listed.map((place) => `${place}/*`) } } }];
};

module.exports = { storeProblems, storeStatements };
